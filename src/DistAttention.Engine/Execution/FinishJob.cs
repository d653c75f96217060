using DistAttention.Engine.Compute;
using DistAttention.Kernels;

namespace DistAttention.Engine.Execution;

/// <summary>Turns the root partial of a tile into o and lse.</summary>
internal sealed class FinishJob(PooledPartial root, Memory<float> o, Memory<float> lse, long firstRow, CancellationToken cancellationToken)
    : ComputeJob(1, isShort: true, cancellationToken)
{
    public override bool IsContinuation => true;

    /// <summary>The same, on the calling thread.</summary>
    public static void Finish(PooledPartial root, Span<float> o, Span<float> lse, long firstRow)
    {
        try
        {
            PartialMerge.Finish(root.Span, o, lse);
        }
        catch (NumericOverflowException overflow)
        {
            throw overflow.InRow(overflow.Row + firstRow);
        }
    }

    protected override void Run(int item, KernelScratch scratch) => Finish(root, o.Span, lse.Span, firstRow);
}
