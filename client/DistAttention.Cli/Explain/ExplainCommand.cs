using System.CommandLine;
using System.Runtime.CompilerServices;
using DistAttention.Cli.Arguments;
using DistAttention.Cli.Connecting;
using DistAttention.Cli.Output;
using DistAttention.Cli.Shell;
using DistAttention.Http;

namespace DistAttention.Cli.Explain;

/// <summary><c>distattn explain</c>: the plan that attend would follow, from the headers of its files alone.</summary>
internal static class ExplainCommand
{
    public static Verb Create(CliConsole console)
    {
        AttentionArguments arguments = new();
        ConnectionArguments connection = new();
        Option<bool> all = new("--all") { Description = "Every shard, not only the first and last ones; in JSON also every visit of a query tile to a shard." };
        Option<bool> analyze = new("--analyze") { Description = "Also run it, and say beside the prediction what each step took." };
        Option<bool> json = new("--json") { Description = "The plan as JSON on stdout." };

        Verb verb = new(
            "explain",
            "What attend would compute, what it would skip and why, from the headers of its files alone.",
            new Example("how much a causal mask saves", "distattn explain --q q.npy --k k.npy --v v.npy --mask causal"),
            new Example("what each step takes, beside what was predicted", "distattn explain --q q.npy --k k.npy --v v.npy --analyze"),
            new Example("which silo would compute what", "distattn explain --q q.npy --k k.npy --v v.npy --cluster 127.0.0.1:21001"));
        arguments.AddTensorsTo(verb);
        arguments.AddChoicesTo(verb);
        connection.AddTo(verb);
        verb.Add(all);
        verb.Add(analyze);
        verb.Add(json);
        verb.SetAction(async (parsed, cancellationToken) =>
        {
            using TensorInputs inputs = TensorInputs.Open(arguments.Read(parsed));
            IAttentionHost host = await connection.OpenAsync(parsed, console, cancellationToken).ConfigureAwait(false);
            await using ConfiguredAsyncDisposable ending = host.ConfigureAwait(false);
            (AttentionPlan plan, Analysis? analysis) = parsed.GetValue(analyze)
                ? await console.WithProgressAsync(steps => PlanAnalysis.RunAsync(inputs, host, steps, cancellationToken)).ConfigureAwait(false)
                : (await host.PlanAsync(inputs.Spec, inputs.K.Rows, inputs.Q.Rows, inputs.Options, cancellationToken).ConfigureAwait(false), null);
            PlanView view = PlanView.Of(plan, inputs.Spec) with { Analysis = analysis };
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
