using DistAttention.Cli.Bench.Compare;
using DistAttention.Cli.Bench.Kernel;
using DistAttention.Cli.Bench.Load;
using DistAttention.Cli.Bench.Mask;
using DistAttention.Cli.Bench.Storage;
using DistAttention.Cli.Output;
using DistAttention.Cli.Shell;

namespace DistAttention.Cli.Bench;

/// <summary><c>distattn bench</c>: the verb whose sub-verbs measure this build on this machine, as ratios within one run.</summary>
internal static class BenchCommand
{
    public const string Name = "bench";

    public static Verb Create(CliConsole console)
    {
        Verb verb = new(
            Name,
            "Measure this build on this machine, as ratios within one run.",
            new Example("kernels against the machine's own limits", "distattn bench kernel"),
            new Example("one shape, for a program to read", "distattn bench kernel --filter \"causal 4096\" --json"),
            new Example("what masks cost", "distattn bench mask"),
            new Example("ten times as many calls as can be answered", "distattn bench load"),
            new Example("against what one would write by hand", "distattn bench compare"));
        verb.Add(KernelCommand.Create(console));
        verb.Add(MaskCommand.Create(console));
        verb.Add(CompareCommand.Create(console));
        verb.Add(StorageCommand.Create(console));
        verb.Add(LoadCommand.Create(console));
        return verb;
    }
}
