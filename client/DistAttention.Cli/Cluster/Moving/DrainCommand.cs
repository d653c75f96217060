using System.CommandLine;
using DistAttention.Cli.Output;
using DistAttention.Cli.Shell;
using DistAttention.Contracts;

namespace DistAttention.Cli.Cluster.Moving;

/// <summary><c>distattn drain</c>: takes everything away from a silo, so that it can be stopped or looked after.</summary>
internal static class DrainCommand
{
    public static Verb Create(CliConsole console)
    {
        Argument<string> silo = new("silo") { Description = "Its name, as 'distattn cluster status' prints it, or its address." };
        Option<bool> undo = new("--undo") { Description = "Let a drained silo take part again: it gets its share back." };
        Verb verb = new(
            "drain",
            "Moves the shards of a silo to the others while queries run. It gets nothing new until it is started anew, or '--undo'. A silo that is asked to end (SIGTERM) does this by itself.",
            new Example("before its machine is switched off", "distattn drain silo-2"),
            new Example("what that would move", "distattn drain silo-2 --dry-run"));
        verb.Add(silo);
        verb.Add(undo);
        MovingRun run = new(console);
        run.AddTo(verb);
        verb.SetAction((parsed, cancellationToken) =>
        {
            string name = parsed.GetRequiredValue(silo);
            return run.RunAsync(parsed.GetValue(undo) ? new RebalanceCall { Undrain = name } : new RebalanceCall { Drain = name }, parsed, cancellationToken);
        });
        return verb;
    }
}
