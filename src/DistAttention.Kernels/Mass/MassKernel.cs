using System.Runtime.Intrinsics;

namespace DistAttention.Kernels;

/// <summary>
/// The second pass over K: the weights p = 2^(score − max) / sum of finished rows, added into bins and lists of the
/// heaviest positions. Scores are the same bits as in the first pass.
/// </summary>
public static unsafe class MassKernel
{
    /// <summary>Adds the mass that some query rows put on the positions of some runs, for all query heads of one K/V head.</summary>
    /// <param name="kv">Packed keys (values are not looked at).</param>
    /// <param name="headKv">The K/V head.</param>
    /// <param name="q">The query rows.</param>
    /// <param name="firstRow">First row of q to do.</param>
    /// <param name="rowCount">Rows to do.</param>
    /// <param name="firstRun">First run.</param>
    /// <param name="runCount">Runs, as far as kv holds them.</param>
    /// <param name="root">The finished partial of the rows over all positions, of the shape of q.</param>
    /// <param name="destination">Mass of the shape of q; the rows and heads done are added to.</param>
    /// <param name="scratch">Working memory of this thread.</param>
    /// <param name="token">Looked at between tiles.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled; the destination then holds nothing of use.</exception>
    public static void Accumulate(
        KvView kv,
        int headKv,
        QueryTile q,
        int firstRow,
        int rowCount,
        long firstRun,
        long runCount,
        PartialSpan root,
        MassSpan destination,
        KernelScratch scratch,
        CancellationToken token) =>
        Accumulate(kv, headKv, q, firstRow, rowCount, firstRun, runCount, root, destination, scratch, LaneWidth.Preferred, token);

    internal static void Accumulate(
        KvView kv,
        int headKv,
        QueryTile q,
        int firstRow,
        int rowCount,
        long firstRun,
        long runCount,
        PartialSpan root,
        MassSpan destination,
        KernelScratch scratch,
        int width,
        CancellationToken token)
    {
        Check(kv, headKv, q, firstRow, rowCount, firstRun, runCount, root, destination);
        int groupSize = q.NumHeadsQ / kv.Layout.NumHeadsKv;
        fixed (nint* blocks = kv.Blocks)
        fixed (float* queries = q.Q)
        {
            NodeJob job = NodeJob.Create(kv, blocks, headKv, q, queries, scratch, token);
            long last = Math.Min(kv.Positions.End / SequenceFormat.RunLength + 1, firstRun + Math.Min(runCount, long.MaxValue - firstRun));
            job.Positions = job.Positions.Intersect(new PositionRange(
                Math.Min(firstRun, last) * SequenceFormat.RunLength, last * SequenceFormat.RunLength));
            job.FirstVector = firstRow * groupSize;
            job.VectorCount = rowCount * groupSize;
            switch (width)
            {
                case 512:
                    Run<Lanes512, Vector512<float>>(ref job, root, destination);
                    break;
                case 256:
                    Run<Lanes256, Vector256<float>>(ref job, root, destination);
                    break;
                default:
                    Run<Lanes128, Vector128<float>>(ref job, root, destination);
                    break;
            }
        }
    }

    private static void Run<TLanes, TVec>(ref NodeJob job, PartialSpan root, MassSpan destination)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
    {
        switch (job.Layout.KvType)
        {
            case KvDataType.Float32:
                MassPass<TLanes, TVec, Float32Element, No>.Run(ref job, root, destination);
                break;
            case KvDataType.Float16:
                MassPass<TLanes, TVec, Float16Element, No>.Run(ref job, root, destination);
                break;
            case KvDataType.BFloat16:
                MassPass<TLanes, TVec, BFloat16Element, No>.Run(ref job, root, destination);
                break;
            default:
                MassPass<TLanes, TVec, Int8Element, Yes>.Run(ref job, root, destination);
                break;
        }
    }

    private static void Check(KvView kv, int headKv, QueryTile q, int firstRow, int rowCount, long firstRun, long runCount, PartialSpan root, MassSpan destination)
    {
        NodeJob.Check(kv, headKv, q, firstRow, rowCount);
        ArgumentOutOfRangeException.ThrowIfNegative(firstRun);
        ArgumentOutOfRangeException.ThrowIfNegative(runCount);
        if (root.Rows != q.Rows || root.NumHeadsQ != q.NumHeadsQ)
        {
            throw new ArgumentException($"The partial is not of shape [{q.Rows}, {q.NumHeadsQ}].", nameof(root));
        }

        if (destination.Rows != q.Rows || destination.NumHeadsQ != q.NumHeadsQ)
        {
            throw new ArgumentException($"The mass is not of shape [{q.Rows}, {q.NumHeadsQ}].", nameof(destination));
        }
    }
}
