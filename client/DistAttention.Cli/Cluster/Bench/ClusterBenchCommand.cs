using System.CommandLine;
using DistAttention.Cli.Arguments;
using DistAttention.Cli.Bench;
using DistAttention.Cli.Output;
using DistAttention.Cli.Shell;

namespace DistAttention.Cli.Cluster.Bench;

/// <summary><c>distattn bench cluster</c>: what a cluster costs and what it brings.</summary>
internal static class ClusterBenchCommand
{
    public static Verb Create(CliConsole console)
    {
        Option<int?> silos = Parsed.Option<int?>("--silos", "N", "Silos to compare with one and with none. Default: 2.", static text => (int)Parsed.WholeNumber(1, 64)(text));
        Option<int?> rows = Parsed.Option<int?>("--rows", "N", "Tokens of prefill. Default: 16384.", static text => (int)Parsed.WholeNumber(1024, 1 << 18)(text));
        Option<int?> positions = Parsed.Option<int?>("--positions", "N", "Positions that a decode step attends to. Default: 131072.", static text => (int)Parsed.WholeNumber(1024, 1 << 22)(text));
        Option<int?> rounds = Parsed.Option<int?>("--rounds", "N", "How often everything is measured in turn, decode steps three times as often. Default: 5.", static text => (int)Parsed.WholeNumber(1, 99)(text));
        Option<bool> json = new("--json") { Description = "The figures as JSON on stdout." };
        Verb verb = new(
            "cluster",
            "The same prefill, decode and append in this process, on one silo and on several, measured in turns: medians of ratios.",
            new Example("for a program", "distattn bench cluster --silos 2 --json"));
        verb.Add(silos);
        verb.Add(rows);
        verb.Add(positions);
        verb.Add(rounds);
        verb.Add(json);
        verb.SetAction(async (parsed, cancellationToken) =>
        {
            BenchSettings settings = new(parsed.GetValue(silos) ?? 2, parsed.GetValue(rows) ?? 16_384, parsed.GetValue(positions) ?? 131_072, parsed.GetValue(rounds) ?? 5);
            IReadOnlyList<BenchRow> figures = await console.WithProgressAsync(steps => ClusterBench.RunAsync(settings, steps, cancellationToken)).ConfigureAwait(false);
            new BenchReport(BenchMachine.Describe(), figures, []).Write(console, parsed.GetValue(json));
            return ExitCode.Ok;
        });
        return verb;
    }
}
