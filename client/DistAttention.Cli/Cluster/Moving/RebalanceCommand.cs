using DistAttention.Cli.Output;
using DistAttention.Cli.Shell;
using DistAttention.Contracts;

namespace DistAttention.Cli.Cluster.Moving;

/// <summary><c>distattn rebalance</c>: evens out what silos have in memory.</summary>
internal static class RebalanceCommand
{
    public static Verb Create(CliConsole console)
    {
        Verb verb = new(
            "rebalance",
            "Moves shards between silos until all have about the same in memory, while queries run. Silos that join get their share by themselves.",
            new Example("after sequences of very different sizes", "distattn rebalance"),
            new Example("what would be moved, for a program", "distattn rebalance --dry-run --json"));
        MovingRun run = new(console);
        run.AddTo(verb);
        verb.SetAction((parsed, cancellationToken) => run.RunAsync(new RebalanceCall(), parsed, cancellationToken));
        return verb;
    }
}
