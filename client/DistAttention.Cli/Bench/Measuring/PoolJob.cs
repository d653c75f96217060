using DistAttention.Engine.Compute;
using DistAttention.Kernels;

namespace DistAttention.Cli.Bench.Measuring;

/// <summary>Items of work on a compute pool: limits are measured on threads that share their work as kernels do.</summary>
internal sealed class PoolJob(int items, Action<int> work) : ComputeJob(items, isShort: true, CancellationToken.None)
{
    protected override void Run(int item, KernelScratch scratch) => work(item);
}
