using DistAttention.Engine.Shards;

namespace DistAttention.Engine.Replicas;

/// <summary>What is committed of a shard that another owner writes.</summary>
/// <param name="Id">The shard.</param>
/// <param name="Rows">Rows of it that are committed.</param>
/// <param name="Fence">The ledger's fence with them.</param>
/// <param name="Bytes">Bytes that they take in memory.</param>
public readonly record struct FollowedShard(ShardId Id, int Rows, long Fence, long Bytes);
