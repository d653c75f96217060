using DistAttention.Engine.Shards;

namespace DistAttention.Engine.Planning;

/// <summary>The rows of a shard that a call reads: the first <paramref name="Length"/>.</summary>
/// <param name="Shard">The shard and its owner.</param>
/// <param name="Length">Rows, at least 1.</param>
public readonly record struct ShardSlice(ShardEntry Shard, int Length);
