using DistAttention.Engine.Planning;

namespace DistAttention.Engine.Execution;

/// <summary>
/// Some nodes of the merge tree, the larger ones replaced by those of their descendants on one level that hold positions.
/// Only the numbers are kept: node i follows from i.
/// </summary>
internal readonly struct NodeCut
{
    private readonly IReadOnlyList<TreeNode> _asked;
    private readonly PositionRange _held;
    private readonly int _level;

    private NodeCut(IReadOnlyList<TreeNode> asked, PositionRange held, int level)
    {
        _asked = asked;
        _held = held;
        _level = level;
        Count = CountAt(asked, held, level);
    }

    /// <summary>Nodes after cutting.</summary>
    public int Count { get; }

    /// <summary>A node, in the order of positions.</summary>
    /// <param name="index">0 to <see cref="Count"/> − 1.</param>
    public TreeNode this[int index]
    {
        get
        {
            for (int i = 0; i < _asked.Count; i++)
            {
                (TreeNode first, int count) = Cut(_asked[i], _held, _level);
                if (index < count)
                {
                    return first with { Index = first.Index + index };
                }

                index -= count;
            }

            throw new ArgumentOutOfRangeException(nameof(index));
        }
    }

    /// <summary>Cuts nodes until there are enough.</summary>
    /// <param name="asked">The nodes, in the order of positions.</param>
    /// <param name="held">The positions that matter.</param>
    /// <param name="wanted">How many nodes are enough.</param>
    /// <param name="lowestLevel">Nodes are not cut below this level.</param>
    public static NodeCut Make(IReadOnlyList<TreeNode> asked, PositionRange held, int wanted, int lowestLevel)
    {
        int level = 0;
        for (int i = 0; i < asked.Count; i++)
        {
            level = Math.Max(level, asked[i].Level);
        }

        while (level > lowestLevel && CountAt(asked, held, level) < wanted)
        {
            level--;
        }

        return new NodeCut(asked, held, level);
    }

    /// <summary>How many of the nodes lie under each node asked for.</summary>
    /// <param name="asked">Index of the node asked for.</param>
    public int CountUnder(int asked) => Cut(_asked[asked], _held, _level).Count;

    private static int CountAt(IReadOnlyList<TreeNode> asked, PositionRange held, int level)
    {
        int count = 0;
        for (int i = 0; i < asked.Count; i++)
        {
            count += Cut(asked[i], held, level).Count;
        }

        return count;
    }

    /// <summary>The first node that takes the place of another, and how many do.</summary>
    private static (TreeNode First, int Count) Cut(TreeNode node, PositionRange held, int level)
    {
        if (node.Level <= level)
        {
            return (node, 1);
        }

        PositionRange positions = node.Positions.Intersect(held);
        long length = (long)SequenceFormat.RunLength << level;
        long first = positions.Start / length;
        return (new TreeNode(level, first), positions.IsEmpty ? 0 : (int)(((positions.End - 1) / length) + 1 - first));
    }
}
