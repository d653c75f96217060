using System.CommandLine;
using DistAttention.Cli.Arguments;
using DistAttention.Cli.Connecting;
using DistAttention.Cli.Output;
using DistAttention.Cli.Shell;

namespace DistAttention.Cli.Bench.Load;

/// <summary><c>distattn bench load</c>: what is left when many more call than can be answered.</summary>
internal static class LoadCommand
{
    public static Verb Create(CliConsole console)
    {
        ConnectionArguments connection = new();
        Option<int?> positions = Parsed.Option<int?>("--positions", "N", "Positions that every call attends to. Default: 16384.", static text => (int)Parsed.WholeNumber(256, 1 << 22)(text));
        Option<int?> seconds = Parsed.Option<int?>("--seconds", "N", "How long each load lasts. Default: 6.", static text => (int)Parsed.WholeNumber(1, 3600)(text));
        Option<int?> deadline = Parsed.Option<int?>("--deadline", "MS", "Within how many milliseconds a call has to be answered. Default: 1000.", static text => (int)Parsed.WholeNumber(1, 600_000)(text));
        Option<bool> json = new("--json") { Description = "The figures as JSON on stdout." };
        Verb verb = new(
            "load",
            "Ten times as many calls as can be answered: how many still are, whether those that are let in keep their deadline, and what a modest caller gets beside.",
            new Example("in this process", "distattn bench load"),
            new Example("calls that have a quarter of a second", "distattn bench load --deadline 250 --json"));
        connection.AddTo(verb);
        verb.Add(positions);
        verb.Add(seconds);
        verb.Add(deadline);
        verb.Add(json);
        verb.SetAction(async (parsed, cancellationToken) =>
        {
            LoadSettings settings = new(
                parsed.GetValue(positions) ?? 16_384,
                TimeSpan.FromSeconds(parsed.GetValue(seconds) ?? 6),
                TimeSpan.FromMilliseconds(parsed.GetValue(deadline) ?? 1000));
            await using IAttentionHost host = await connection.OpenAsync(parsed, console, cancellationToken).ConfigureAwait(false);
            IReadOnlyList<BenchRow> rows = await console.WithProgressAsync(steps => LoadBench.RunAsync(settings, host, steps, cancellationToken)).ConfigureAwait(false);
            new BenchReport(BenchMachine.Describe(), rows, [$"On {host.Workers}."]).Write(console, parsed.GetValue(json));
            return ExitCode.Ok;
        });
        return verb;
    }
}
