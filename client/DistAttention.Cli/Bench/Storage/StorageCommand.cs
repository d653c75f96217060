using System.CommandLine;
using DistAttention.Cli.Arguments;
using DistAttention.Cli.Bench.Kernel;
using DistAttention.Cli.Bench.Measuring;
using DistAttention.Cli.Output;
using DistAttention.Cli.Shell;

namespace DistAttention.Cli.Bench.Storage;

/// <summary><c>distattn bench storage</c>: durable logs against what the disk and the memory under them can do.</summary>
internal static class StorageCommand
{
    public static Verb Create(CliConsole console)
    {
        BenchOptions options = new();
        Option<string> folder = Parsed.Option("--folder", "DIR", "Where to write meanwhile: on the disk to be measured. Default: the folder for temporary files.", Parsed.FileName);
        Verb verb = new(
            "storage",
            "Durable appends and reloads against the disk's own rates, and the memory's copy rate; measured in turns, medians of ratios. "
            + "A reload reads a shard's log, checks it and packs it into memory that another shard gives up; logs not cached: as bytes of log per second over a "
            + "sequential read of a file that is not cached either; logs cached: over copying memory to memory, bytes copied per second, on as many threads.",
            new Example("the disk under /var/lib", "distattn bench storage --folder /var/lib/distattn-bench"));
        options.AddTo(verb);
        verb.Add(folder);
        verb.SetAction(async (parsed, cancellationToken) =>
        {
            BenchSettings settings = options.Settings(parsed);
            using ScratchFolder scratch = new(parsed.GetValue(folder));
            BenchReport report = await console.WithProgressAsync(steps =>
                KernelCommand.RunAsync(Suite(settings, scratch), settings, options.Filter(parsed), steps, cancellationToken)).ConfigureAwait(false);
            report.Write(console, options.Json(parsed));
            return ExitCode.Ok;
        });
        return verb;
    }

    private static IReadOnlyList<IKernelBench> Suite(BenchSettings settings, ScratchFolder scratch)
    {
        List<IKernelBench> suite = [];
        foreach (KvDataType type in (KvDataType[])[KvDataType.Float32, KvDataType.BFloat16])
        {
            SequenceSpec spec = new() { NumHeadsQ = 8, NumHeadsKv = 8, HeadDim = 128, KvType = type };
            int positions = 32_768 / settings.Divisor;
            suite.Add(new DurableAppendBench(spec, positions, scratch, Goal.AtLeast(0.5)));
            suite.Add(new ReloadBench(spec, positions, scratch, isCached: false, Goal.AtLeast(0.6)));
            suite.Add(new ReloadBench(spec, positions, scratch, isCached: true, Goal.AtLeast(0.6)));
            suite.Add(new FirstQueryBench(spec, positions, scratch));
        }

        return suite;
    }
}
