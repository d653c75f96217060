using DistAttention.Engine.Planning;

namespace DistAttention.Engine.Execution;

/// <summary>
/// Cuts a tile's work into items for the compute pool: (K/V head × rows × node). Any cut gives the same bits, so only
/// balance matters: rows first, and where there are too few rows to keep the threads busy, nodes of the tree.
/// </summary>
internal sealed class WorkSplit
{
    /// <summary>Query lanes (rows × query heads of a group) that share one pass over K/V.</summary>
    private const int LanesPerItem = 256;

    /// <summary>Items per thread that balance well enough.</summary>
    private const int ItemsPerThread = 8;

    /// <summary>Nodes are not cut below this level: 4 runs, 4,096 positions.</summary>
    private const int LowestLevel = 2;

    private WorkSplit(int rowsPerItem, int rowItems, IReadOnlyList<TreeNode> nodes)
    {
        RowsPerItem = rowsPerItem;
        RowItems = rowItems;
        Nodes = nodes;
    }

    /// <summary>Query rows per item.</summary>
    public int RowsPerItem { get; }

    /// <summary>Items along the rows.</summary>
    public int RowItems { get; }

    /// <summary>The nodes to compute, in the order of positions; those asked for, or their descendants.</summary>
    public IReadOnlyList<TreeNode> Nodes { get; }

    /// <summary>Cuts the work.</summary>
    /// <param name="rows">Query rows, at least 1.</param>
    /// <param name="spec">The sequence's shape.</param>
    /// <param name="nodes">The nodes asked for.</param>
    /// <param name="held">The positions to read.</param>
    /// <param name="threads">Threads of the pool.</param>
    public static WorkSplit Make(int rows, SequenceSpec spec, IReadOnlyList<TreeNode> nodes, PositionRange held, int threads)
    {
        int rowsPerItem = Math.Clamp(LanesPerItem / spec.GroupSize, 1, rows);
        int rowItems = (rows + rowsPerItem - 1) / rowsPerItem;
        long itemsPerNode = (long)rowItems * spec.NumHeadsKv;
        long wanted = (long)threads * ItemsPerThread;
        List<TreeNode> cut = [.. nodes];
        while (cut.Count * itemsPerNode < wanted && HalveLargest(cut, held))
        {
        }

        return new WorkSplit(rowsPerItem, rowItems, cut);
    }

    /// <summary>One item. Late rows come first: under a causal mask they see most.</summary>
    /// <param name="item">0 to the number of items − 1.</param>
    /// <param name="headsKv">K/V heads.</param>
    /// <param name="rows">Query rows in all.</param>
    public WorkItem ItemAt(int item, int headsKv, int rows)
    {
        int rowItem = RowItems - 1 - (item / (headsKv * Nodes.Count));
        int firstRow = rowItem * RowsPerItem;
        return new WorkItem(item / headsKv % Nodes.Count, item % headsKv, firstRow, Math.Min(RowsPerItem, rows - firstRow));
    }

    /// <summary>Replaces every node of the highest level by its halves that hold positions; false if they are small enough already.</summary>
    private static bool HalveLargest(List<TreeNode> nodes, PositionRange held)
    {
        int level = nodes.Max(static n => n.Level);
        if (level <= LowestLevel)
        {
            return false;
        }

        List<TreeNode> halved = [];
        foreach (TreeNode node in nodes)
        {
            if (node.Level < level)
            {
                halved.Add(node);
                continue;
            }

            foreach (TreeNode half in (ReadOnlySpan<TreeNode>)[node.Left, node.Right])
            {
                if (!half.Positions.Intersect(held).IsEmpty)
                {
                    halved.Add(half);
                }
            }
        }

        nodes.Clear();
        nodes.AddRange(halved);
        return true;
    }
}
