using System.Diagnostics;
using DistAttention.Cli.Bench.Kernel;
using DistAttention.Cli.Bench.Measuring;
using DistAttention.Kernels;

namespace DistAttention.Cli.Bench.Mask;

/// <summary>Compiling each structured mask over a million positions once, as a first call has to.</summary>
internal sealed class CompileBench(string name, int positions, Func<int, AttentionMask>[] masks) : IKernelBench
{
    public string Name => name;

    public Task<BenchRow> RunAsync(Limits limits, BenchSettings settings, CancellationToken cancellationToken)
    {
        double slowest = 0;
        long largest = 0;
        foreach (AttentionMask mask in masks.Select(make => make(positions)))
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            long start = Stopwatch.GetTimestamp();
            CompiledMask.Compile(mask).Cover(new PositionRange(0, positions), new PositionRange(0, positions));
            slowest = Math.Max(slowest, Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            largest = Math.Max(largest, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return Task.FromResult(new BenchRow(name, slowest, "ms at most", Goal.AtMost(50))
        {
            Also = [new BenchRow($"{name}: memory", largest / 1048576.0, "MiB at most", Goal.AtMost(64))],
        });
    }
}
