using DistAttention.Engine.Shards;

namespace DistAttention.Engine.Rebalancing;

/// <summary>A shard, where it is, and what it costs to be there.</summary>
/// <param name="Shard">The shard and its owner.</param>
/// <param name="Bytes">Bytes that its rows take in memory.</param>
/// <param name="IsIdle">Whether its owner does not have it in memory: moving it costs nothing, and wins nothing now.</param>
/// <param name="Heat">How much it is asked for, in any unit that is the same for all.</param>
public sealed record OwnedShard(ShardEntry Shard, long Bytes, bool IsIdle = false, double Heat = 0);
