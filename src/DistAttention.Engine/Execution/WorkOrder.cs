using System.Buffers;
using DistAttention.Kernels;

namespace DistAttention.Engine.Execution;

/// <summary>
/// The order in which the items of a tile are started: most visible area first, so that the longest item is not the one that everybody
/// waits for in the end (Graham 1969). Any order gives the same bits.
/// </summary>
internal static class WorkOrder
{
    /// <summary>
    /// Orders items under a mask that does not show everything, in an array rented from <see cref="ArrayPool{T}.Shared"/>; null where the order
    /// given is as good.
    /// </summary>
    /// <param name="split">The items, as they were cut.</param>
    /// <param name="mask">The mask.</param>
    /// <param name="firstQueryPosition">Position of row 0.</param>
    /// <param name="held">Positions to read.</param>
    public static int[]? Of(in WorkSplit split, CompiledMask mask, long firstQueryPosition, PositionRange held)
    {
        int count = split.Count;
        if (count < 3 || mask is { IsFull: true })
        {
            return null;
        }

        int[] order = ArrayPool<int>.Shared.Rent(count);
        double[] area = ArrayPool<double>.Shared.Rent(count);
        for (int i = 0; i < count; i++)
        {
            WorkItem item = split[i];
            PositionRange rows = new(firstQueryPosition + item.FirstRow, firstQueryPosition + item.FirstRow + item.RowCount);
            order[i] = i;
            area[i] = -Area(mask, rows, split.Nodes[item.Node].Positions.Intersect(held));
        }

        Array.Sort(area, order, 0, count);
        ArrayPool<double>.Shared.Return(area);
        return order;
    }

    /// <summary>Pairs that have to be looked at: exact for a formula, else from bounds.</summary>
    private static double Area(CompiledMask mask, PositionRange rows, PositionRange positions)
    {
        if (positions.IsEmpty || mask.Cover(rows, positions) == Coverage.None)
        {
            return 0;
        }

        long noneLookedAt = 0;
        return mask.CountVisible(rows, positions, ref noneLookedAt).Estimate;
    }
}
