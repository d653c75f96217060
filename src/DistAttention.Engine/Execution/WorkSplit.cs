using DistAttention.Engine.Planning;
using DistAttention.Kernels;

namespace DistAttention.Engine.Execution;

/// <summary>
/// Cuts a tile's work into items for the compute pool: (K/V heads × rows × node). Any cut gives the same bits, so only
/// balance matters, and the order in which memory is read: rows first, and where there are too few rows to keep the threads
/// busy, nodes of the tree. Few rows are bound by memory: their items have all K/V heads, if there are nodes enough.
/// </summary>
internal readonly struct WorkSplit
{
    /// <summary>Query lanes (rows × query heads of a group) that share one pass over K/V.</summary>
    private const int LanesPerItem = 512;

    /// <summary>Items per thread that balance well enough.</summary>
    private const int ItemsPerThread = 8;

    /// <summary>The same where memory is the limit: threads then progress less evenly.</summary>
    private const int StreamingItemsPerThread = 16;

    /// <summary>Nodes are not cut below this level: 4 runs, 4,096 positions.</summary>
    private const int LowestLevel = 2;

    private readonly int _rows;
    private readonly int _headsKv;
    private readonly int _rowsPerItem;
    private readonly int _headsPerItem;
    private readonly int _rowItems;
    private readonly int _headItems;
    private readonly NodeCut _cut;

    private WorkSplit(int rows, int headsKv, int rowsPerItem, int headsPerItem, NodeCut cut)
    {
        _rows = rows;
        _headsKv = headsKv;
        _rowsPerItem = rowsPerItem;
        _headsPerItem = headsPerItem;
        _rowItems = Items(rows, rowsPerItem);
        _headItems = Items(headsKv, headsPerItem);
        _cut = cut;
    }

    /// <summary>The nodes to compute, in the order of positions; those asked for, or their descendants.</summary>
    public NodeCut Nodes => _cut;

    /// <summary>Items in all.</summary>
    public int Count => _rowItems * _cut.Count * _headItems;

    /// <summary>One item. Late rows come first: under a causal mask they see most.</summary>
    /// <param name="item">0 to <see cref="Count"/> − 1.</param>
    public WorkItem this[int item]
    {
        get
        {
            int firstHead = item % _headItems * _headsPerItem;
            int firstRow = (_rowItems - 1 - (item / (_headItems * _cut.Count))) * _rowsPerItem;
            return new WorkItem(
                item / _headItems % _cut.Count,
                firstHead,
                Math.Min(_headsPerItem, _headsKv - firstHead),
                firstRow,
                Math.Min(_rowsPerItem, _rows - firstRow));
        }
    }

    /// <summary>Cuts the work.</summary>
    /// <param name="rows">Query rows, at least 1.</param>
    /// <param name="spec">The sequence's shape.</param>
    /// <param name="nodes">The nodes asked for.</param>
    /// <param name="held">The positions to read.</param>
    /// <param name="threads">Threads of the pool.</param>
    /// <param name="headsTogether">Whether an item may have several K/V heads.</param>
    public static WorkSplit Make(int rows, SequenceSpec spec, IReadOnlyList<TreeNode> nodes, PositionRange held, int threads, bool headsTogether)
    {
        int rowsPerItem = Math.Clamp(LanesPerItem / spec.GroupSize, 1, rows);
        bool streams = headsTogether && AttentionKernel.FollowsMemory(rows * spec.GroupSize);
        int wanted = threads * (streams ? StreamingItemsPerThread : ItemsPerThread);
        int itemsPerNode = Items(rows, rowsPerItem) * (streams ? 1 : spec.NumHeadsKv);
        NodeCut cut = NodeCut.Make(nodes, held, Items(wanted, itemsPerNode), LowestLevel);
        int headItems = streams ? Math.Clamp(wanted / (cut.Count * itemsPerNode), 1, spec.NumHeadsKv) : spec.NumHeadsKv;
        return new WorkSplit(rows, spec.NumHeadsKv, rowsPerItem, Items(spec.NumHeadsKv, headItems), cut);
    }

    private static int Items(int count, int perItem) => (count + perItem - 1) / perItem;
}
