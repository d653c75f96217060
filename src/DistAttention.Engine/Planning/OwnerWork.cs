using System.Numerics;
using DistAttention.Engine.Shards;

namespace DistAttention.Engine.Planning;

/// <summary>
/// What one owner is asked for: the largest nodes of the merge tree whose visible shards it holds alone. Neighbouring
/// shards of one owner so come back as one partial, and no bit changes, since the nodes are those of the canonical tree.
/// </summary>
public sealed class OwnerWork
{
    private readonly List<ShardSlice> _shards = [];
    private readonly List<TreeNode> _nodes = [];

    private OwnerWork(OwnerId owner) => Owner = owner;

    /// <summary>The owner.</summary>
    public OwnerId Owner { get; }

    /// <summary>Its visible shards, in the order of their positions.</summary>
    public IReadOnlyList<ShardSlice> Shards => _shards;

    /// <summary>The nodes to answer, in the order of their positions.</summary>
    public IReadOnlyList<TreeNode> Nodes => _nodes;

    /// <summary>Positions that its answer must have counted.</summary>
    public long Positions { get; private set; }

    /// <summary>The positions of its visible shards, neighbours together.</summary>
    /// <param name="shardLength">Positions per shard.</param>
    public PositionRange[] PositionsOf(int shardLength) => ShardSlice.Positions(_shards, shardLength);

    /// <summary>Assigns the nodes over visible shards to their owners.</summary>
    /// <param name="visible">Visible shards, in the order of their positions.</param>
    /// <param name="shardLength">Positions per shard.</param>
    /// <param name="root">A node that holds all of them.</param>
    public static IReadOnlyList<OwnerWork> Assign(IReadOnlyList<ShardSlice> visible, int shardLength, TreeNode root)
    {
        int shardLevel = ShardLevel(shardLength);
        return Assign(visible, shardLength, [root.Level <= shardLevel ? new TreeNode(shardLevel, 0) : root]);
    }

    /// <summary>Assigns visible shards to their owners, each node on its own.</summary>
    /// <param name="visible">Visible shards, in the order of their positions.</param>
    /// <param name="shardLength">Positions per shard.</param>
    /// <param name="nodes">Nodes of a shard or more that hold all of them, in the order of their positions.</param>
    internal static IReadOnlyList<OwnerWork> Assign(IReadOnlyList<ShardSlice> visible, int shardLength, IReadOnlyList<TreeNode> nodes)
    {
        List<OwnerWork> work = [];
        int shardLevel = ShardLevel(shardLength);
        int from = 0;
        foreach (TreeNode node in nodes)
        {
            int to = from;
            while (to < visible.Count && visible[to].Shard.Id.Index < node.EndRun >> shardLevel)
            {
                to++;
            }

            AssignNode(visible, from, to, node, shardLevel, work);
            from = to;
        }

        return work;
    }

    private static int ShardLevel(int shardLength) => BitOperations.Log2((uint)(shardLength / SequenceFormat.RunLength));

    private static void AssignNode(IReadOnlyList<ShardSlice> visible, int from, int to, TreeNode node, int shardLevel, List<OwnerWork> work)
    {
        if (from == to)
        {
            return;
        }

        if (SameOwner(visible, from, to))
        {
            OwnerWork of = GetOrAdd(work, visible[from].Shard.Owner);
            for (int i = from; i < to; i++)
            {
                of._shards.Add(visible[i]);
                of.Positions += visible[i].Length;
            }

            of._nodes.Add(node);
            return;
        }

        long middle = node.Right.FirstRun >> shardLevel;
        int split = from;
        while (split < to && visible[split].Shard.Id.Index < middle)
        {
            split++;
        }

        AssignNode(visible, from, split, node.Left, shardLevel, work);
        AssignNode(visible, split, to, node.Right, shardLevel, work);
    }

    private static bool SameOwner(IReadOnlyList<ShardSlice> visible, int from, int to)
    {
        for (int i = from + 1; i < to; i++)
        {
            if (visible[i].Shard.Owner != visible[from].Shard.Owner)
            {
                return false;
            }
        }

        return true;
    }

    private static OwnerWork GetOrAdd(List<OwnerWork> work, OwnerId owner)
    {
        OwnerWork? found = work.Find(w => w.Owner == owner);
        if (found is null)
        {
            work.Add(found = new OwnerWork(owner));
        }

        return found;
    }
}
