using DistAttention.Engine.Planning;
using DistAttention.Engine.Shards;

namespace DistAttention.Engine.Execution;

/// <summary>What an owner answers to a tile.</summary>
/// <param name="Partials">One partial per node asked for, in the order asked; empty if a shard is missing.</param>
/// <param name="PositionsCounted">Positions of the snapshot that the partials stand for.</param>
/// <param name="NotHere">Shards that the owner does not hold.</param>
public sealed record TileAnswer(IReadOnlyList<NodePartial> Partials, long PositionsCounted, IReadOnlyList<ShardId> NotHere) : IOwnerAnswer
{
    bool IOwnerAnswer.Answers(OwnerWork work) =>
        NotHere.Count == 0 && PositionsCounted == work.Positions && AreOf(work.Nodes);

    /// <summary>Gives the partials' memory back.</summary>
    public void Dispose()
    {
        foreach (NodePartial partial in Partials)
        {
            partial.Partial.Dispose();
        }
    }

    private bool AreOf(IReadOnlyList<TreeNode> nodes)
    {
        bool same = Partials.Count == nodes.Count;
        for (int i = 0; same && i < nodes.Count; i++)
        {
            same = Partials[i].Node == nodes[i];
        }

        return same;
    }
}
