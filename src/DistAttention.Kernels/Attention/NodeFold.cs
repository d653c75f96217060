using System.Numerics;
using System.Runtime.CompilerServices;

namespace DistAttention.Kernels;

/// <summary>
/// The order of everything: a run is the left fold of its tiles from empty, a node above is the merge of its two children.
/// Parts that hold nothing, or that the mask hides from every query, are the identity and are skipped with their whole subtree.
/// </summary>
internal static class NodeFold
{
    /// <summary>Largest level of a node.</summary>
    public const int MaxLevel = 48;

    /// <summary>Partials in flight at most while a node over these positions is computed.</summary>
    public static int PartialsInFlight(PositionRange positions) =>
        BitOperations.Log2((ulong)((positions.Length / SequenceFormat.RunLength) + 2)) + 3;

    /// <summary>Positions of node T(level, index).</summary>
    public static PositionRange Range(int level, long index) =>
        new(index * ((long)SequenceFormat.RunLength << level), (index + 1) * ((long)SequenceFormat.RunLength << level));

    /// <summary>Computes node T(level, index) into a partial of the kernel's stack; false when it is empty and nothing was written.</summary>
    public static bool Compute<TKernel>(ref TKernel kernel, in NodeJob job, int level, long index, int partial)
        where TKernel : struct, ITileKernel =>
        Compute(ref kernel, job, level, index, partial, Coverage.Masked);

    /// <param name="kernel">The kernel.</param>
    /// <param name="job">The job.</param>
    /// <param name="level">Level of the node.</param>
    /// <param name="index">Index of the node.</param>
    /// <param name="partial">Where in the stack.</param>
    /// <param name="above">Coverage of the node above: below a Full one the mask is not asked again.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool Compute<TKernel>(ref TKernel kernel, in NodeJob job, int level, long index, int partial, Coverage above)
        where TKernel : struct, ITileKernel
    {
        PositionRange positions = job.Positions.Intersect(Range(level, index));
        Coverage coverage = Cover(job, positions, above);
        if (coverage == Coverage.None)
        {
            return false;
        }

        if (level == 0)
        {
            return Run(ref kernel, job, positions, partial, coverage);
        }

        bool left = Compute(ref kernel, job, level - 1, 2 * index, partial, coverage);
        bool right = Compute(ref kernel, job, level - 1, (2 * index) + 1, left ? partial + 1 : partial, coverage);
        if (left && right)
        {
            kernel.Merge(partial);
        }

        return left || right;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool Run<TKernel>(ref TKernel kernel, in NodeJob job, PositionRange positions, int partial, Coverage above)
        where TKernel : struct, ITileKernel
    {
        bool any = false;
        for (long start = positions.Start; start < positions.End; start += SequenceFormat.BlockLength)
        {
            job.Token.ThrowIfCancellationRequested();
            PositionRange tile = new(start, Math.Min(start + SequenceFormat.BlockLength, positions.End));
            Coverage coverage = Cover(job, tile, above);
            if (coverage == Coverage.None || job.IsAbsent(start))
            {
                continue;
            }

            if (!any)
            {
                kernel.Reset(partial);
                any = true;
            }

            kernel.Fold(partial, job, start, (int)(tile.End - tile.Start), coverage);
        }

        return any;
    }

    /// <summary>What the mask does to all queries and these positions, knowing what it does to more of them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Coverage Cover(in NodeJob job, PositionRange positions, Coverage above)
    {
        if (above == Coverage.Full)
        {
            return positions.Start < positions.End ? Coverage.Full : Coverage.None;
        }

        return job.Mask.Cover(job.RowPositions(job.FirstVector, job.VectorCount), positions);
    }
}
