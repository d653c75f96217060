using System.CommandLine;
using DistAttention.Cli.Arguments;
using DistAttention.Cli.Output;
using DistAttention.Cli.Shell;
using DistAttention.Engine.Planning;

namespace DistAttention.Cli.Explain;

/// <summary><c>distattn explain</c>: the plan that attend would follow, from the headers of its files alone.</summary>
internal static class ExplainCommand
{
    public static Verb Create(CliConsole console)
    {
        AttentionArguments arguments = new();
        Option<bool> all = new("--all") { Description = "Every shard, not only the first and last ones; in JSON also every visit of a query tile to a shard." };
        Option<bool> json = new("--json") { Description = "The plan as JSON on stdout." };

        Verb verb = new(
            "explain",
            "What attend would compute, what it would skip and why, from the headers of its files alone.",
            new Example("how much a causal mask saves", "distattn explain --q q.npy --k k.npy --v v.npy --mask causal"));
        arguments.AddTensorsTo(verb);
        arguments.AddChoicesTo(verb);
        verb.Add(all);
        verb.Add(json);
        verb.SetAction(parsed =>
        {
            using TensorInputs inputs = TensorInputs.Open(arguments.Read(parsed));
            AttentionPlan plan = Planner.Plan("explain", inputs.Spec, new SequenceSnapshot(1, inputs.K.Rows), inputs.Q.Rows, inputs.Options);
            PlanView view = PlanView.Of(plan, inputs.Spec);
            if (parsed.GetValue(json))
            {
                console.WriteJson(PlanJson.Of(view, parsed.GetValue(all)));
            }
            else
            {
                PlanTree.Write(console.Out, view, parsed.GetValue(all));
            }

            return ExitCode.Ok;
        });
        return verb;
    }
}
