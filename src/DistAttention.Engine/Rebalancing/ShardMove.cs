using DistAttention.Engine.Shards;

namespace DistAttention.Engine.Rebalancing;

/// <summary>A shard that is to change its owner.</summary>
/// <param name="Shard">The shard.</param>
/// <param name="To">The new owner.</param>
public readonly record struct ShardMove(OwnedShard Shard, OwnerId To)
{
    /// <summary>The owner so far.</summary>
    public OwnerId From => Shard.Shard.Owner;
}
