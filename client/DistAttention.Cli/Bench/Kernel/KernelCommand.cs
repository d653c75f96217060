using System.CommandLine;
using System.Text.Json.Nodes;
using DistAttention.Cli.Bench.Measuring;
using DistAttention.Cli.Output;
using DistAttention.Cli.Shell;

namespace DistAttention.Cli.Bench.Kernel;

/// <summary><c>distattn bench kernel</c>: the embedded engine against the machine's own limits.</summary>
internal static class KernelCommand
{
    public static Verb Create(CliConsole console)
    {
        BenchOptions options = new();
        Verb verb = new(
            "kernel",
            "The embedded engine against what this machine can do at most: fused multiply-adds, reading, copying; measured in turns, medians of ratios.",
            new Example("everything, some minutes", "distattn bench kernel"),
            new Example("only decode over float16", "distattn bench kernel --filter \"float16\""));
        options.AddTo(verb);
        verb.SetAction(async (parsed, cancellationToken) =>
        {
            BenchSettings settings = options.Settings(parsed);
            BenchReport report = await console.WithProgressAsync(steps =>
                RunAsync(KernelSuite.All(settings), settings, options.Filter(parsed), steps, cancellationToken)).ConfigureAwait(false);
            report.Write(console, options.Json(parsed));
            return ExitCode.Ok;
        });
        return verb;
    }

    /// <summary>Runs what the filter leaves.</summary>
    public static async Task<BenchReport> RunAsync(IReadOnlyList<IKernelBench> suite, BenchSettings settings, string? filter, ProgressSteps steps, CancellationToken cancellationToken)
    {
        IKernelBench[] chosen = [.. suite.Where(bench => filter is null || bench.Name.Contains(filter, StringComparison.OrdinalIgnoreCase))];
        if (chosen.Length == 0)
        {
            throw new CliException($"no benchmark's name contains '{filter}'; these are known: {string.Join("; ", suite.Select(static bench => bench.Name))}");
        }

        ProgressStep step = steps.Start("measure", chosen.Length, "benchmarks");
        using Limits limits = new(settings.Threads);
        List<BenchRow> rows = [];
        foreach (IKernelBench bench in chosen)
        {
            cancellationToken.ThrowIfCancellationRequested();
            rows.Add(await bench.RunAsync(limits, settings, cancellationToken).ConfigureAwait(false));
            step.Report(rows.Count);
        }

        JsonObject machine = BenchMachine.Describe();
        machine["threads"] = settings.Threads;
        machine["fmaGflops"] = Math.Round(await limits.FlopsAsync().ConfigureAwait(false) / 1e9, 1);
        machine["readGBps"] = Math.Round(await limits.ReadAsync().ConfigureAwait(false) / 1e9, 1);
        machine["copyGBps"] = Math.Round(await limits.CopyAsync().ConfigureAwait(false) / 1e9, 1);
        machine["processorShare"] = Math.Round(limits.ProcessorShare, 2);
        return new BenchReport(machine, rows, Notes(settings, limits.ProcessorShare));
    }

    private static string[] Notes(BenchSettings settings, double processorShare) =>
    [
        .. processorShare < 0.9 ? [$"Other work took {(1 - processorShare) * 100:0} % of the processors meanwhile: ratios of short calls suffer from it."] : Array.Empty<string>(),
        .. settings.Divisor > 1 ? ["Lengths are cut for a quick look: these numbers are not held to the targets."] : Array.Empty<string>(),
    ];
}
