using DistAttention.Engine.Compute;
using DistAttention.Kernels;

namespace DistAttention.Engine.Execution;

/// <summary>Turns the root partial of a tile into o and lse, some rows per item.</summary>
internal sealed class FinishJob(PooledPartial root, int rows, int rowsPerItem, Memory<float> o, Memory<float> lse, long firstRow, CancellationToken cancellationToken)
    : ComputeJob((rows + rowsPerItem - 1) / rowsPerItem, isShort: true, cancellationToken)
{
    private const int FloatsPerItem = 1 << 18;

    public static FinishJob Make(PooledPartial root, TileQuery query, Memory<float> o, Memory<float> lse, CancellationToken cancellationToken) =>
        new(root, query.Rows, Math.Max(1, FloatsPerItem / Math.Max(1, o.Length / query.Rows)), o, lse, query.FirstRow, cancellationToken) { Caller = query.Caller };

    public override bool IsContinuation => true;

    /// <summary>The same, on the calling thread.</summary>
    public static void Finish(PartialSpan root, Span<float> o, Span<float> lse, long firstRow)
    {
        try
        {
            PartialMerge.Finish(root, o, lse);
        }
        catch (NumericOverflowException overflow)
        {
            throw overflow.InRow(overflow.Row + firstRow);
        }
    }

    protected override void Run(int item, KernelScratch scratch)
    {
        int first = item * rowsPerItem;
        int count = Math.Min(rowsPerItem, rows - first);
        Finish(root.Span.Slice(first, count), Part(o, first, count), Part(lse, first, count), firstRow + first);
    }

    private Span<float> Part(Memory<float> whole, int first, int count)
    {
        int row = whole.Length / rows;
        return whole.Span.Slice(first * row, count * row);
    }
}
