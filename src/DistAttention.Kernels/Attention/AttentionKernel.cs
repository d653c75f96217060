using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace DistAttention.Kernels;

/// <summary>Exact attention of query rows over packed K/V: one node of the canonical merge tree per call.</summary>
public static unsafe class AttentionKernel
{
    /// <summary>
    /// Whether so few query vectors per K/V head are bound by reading memory: a call then should have all K/V heads, because
    /// it reads them in the order of their addresses.
    /// </summary>
    /// <param name="vectors">Query rows × query heads per K/V head.</param>
    public static bool FollowsMemory(int vectors) => vectors <= KernelRule.MaxKeyLaneVectors;

    /// <summary>
    /// Computes part of node T(level, firstRun &gt;&gt; level), that is the runs [firstRun, firstRun + 2^level) as far as
    /// <paramref name="kv"/> holds them: some query rows, and all query heads that read some K/V heads. Any split of a
    /// query into nodes, heads, row ranges and calls gives the same bits.
    /// </summary>
    /// <param name="kv">Packed keys and values.</param>
    /// <param name="q">The query rows.</param>
    /// <param name="part">The node, and which rows and heads.</param>
    /// <param name="destination">A partial of the shape of q; the rows and heads done are overwritten.</param>
    /// <param name="scratch">Working memory of this thread.</param>
    /// <param name="token">Looked at between tiles.</param>
    /// <exception cref="NumericOverflowException">A score of a visible pair is not finite; names the row of q and the query head.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled; the destination then holds nothing of use.</exception>
    public static void ComputeNode(KvView kv, QueryTile q, NodePart part, PartialSpan destination, KernelScratch scratch, CancellationToken token) =>
        ComputeNode(kv, q, part, destination, scratch, KernelChoice.Measured, LaneWidth.Preferred, token);

    /// <summary>The same for one K/V head.</summary>
    /// <param name="kv">Packed keys and values.</param>
    /// <param name="headKv">The K/V head.</param>
    /// <param name="q">The query rows.</param>
    /// <param name="firstRow">First row of q to do.</param>
    /// <param name="rowCount">Rows to do.</param>
    /// <param name="firstRun">First run of the node, a multiple of 2^level.</param>
    /// <param name="level">Level of the node: 0 is one run.</param>
    /// <param name="destination">A partial of the shape of q; the rows and heads done are overwritten.</param>
    /// <param name="scratch">Working memory of this thread.</param>
    /// <param name="token">Looked at between tiles.</param>
    public static void ComputeNode(
        KvView kv,
        int headKv,
        QueryTile q,
        int firstRow,
        int rowCount,
        long firstRun,
        int level,
        PartialSpan destination,
        KernelScratch scratch,
        CancellationToken token) =>
        ComputeNode(kv, q, new NodePart(headKv, 1, firstRow, rowCount, firstRun, level), destination, scratch, token);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void ComputeNode(KvView kv, QueryTile q, NodePart part, PartialSpan destination, KernelScratch scratch, KernelChoice choice, int width, CancellationToken token)
    {
        Check(kv, q, part, destination);
        fixed (nint* blocks = kv.Blocks)
        fixed (float* queries = q.Q, max = destination.MaxLog2, sum = destination.Sum, output = destination.Output)
        {
            NodeCall call = new()
            {
                Job = NodeJob.Create(kv, blocks, part.FirstHeadKv, q, queries, scratch, token),
                Part = part,
                Choice = choice,
                Max = max,
                Sum = sum,
                Output = output,
            };
            switch (width)
            {
                case 512:
                    call.Run<Lanes512, Vector512<float>>();
                    break;
                case 256:
                    call.Run<Lanes256, Vector256<float>>();
                    break;
                default:
                    call.Run<Lanes128, Vector128<float>>();
                    break;
            }
        }
    }

    private static void Check(KvView kv, QueryTile q, NodePart part, PartialSpan destination)
    {
        (int firstHeadKv, int headCount, int firstRow, int rowCount, long firstRun, int level) = part;
        ArgumentOutOfRangeException.ThrowIfLessThan(headCount, 1);
        NodeJob.Check(kv, firstHeadKv, q, firstRow, rowCount);
        NodeJob.Check(kv, firstHeadKv + headCount - 1, q, firstRow, rowCount);
        ArgumentOutOfRangeException.ThrowIfNegative(level);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(level, NodeFold.MaxLevel);
        ArgumentOutOfRangeException.ThrowIfNegative(firstRun);
        if ((firstRun & ((1L << level) - 1)) != 0)
        {
            throw new ArgumentException($"{firstRun} does not start a node of level {level}.", nameof(part));
        }

        if (destination.Rows != q.Rows || destination.NumHeadsQ != q.NumHeadsQ || destination.HeadDimV != kv.Layout.HeadDimV)
        {
            throw new ArgumentException($"The partial is not of shape [{q.Rows}, {q.NumHeadsQ}, {kv.Layout.HeadDimV}].", nameof(destination));
        }
    }
}
