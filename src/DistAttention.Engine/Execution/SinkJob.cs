using DistAttention.Engine.Compute;
using DistAttention.Kernels;

namespace DistAttention.Engine.Execution;

/// <summary>Lets a score's sinks join the root partial of a tile.</summary>
internal sealed class SinkJob(PooledPartial root, float[] sinksLog2, CancellationToken cancellationToken)
    : ComputeJob(1, isShort: true, cancellationToken)
{
    public override bool IsContinuation => true;

    protected override void Run(int item, KernelScratch scratch) => PartialSink.Add(root.Span, sinksLog2);
}
