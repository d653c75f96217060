namespace DistAttention.Engine.Shards;

/// <summary>A shard and who was chosen to hold it.</summary>
/// <param name="Id">The shard.</param>
/// <param name="Owner">Where to ask first; a shard found elsewhere answers just as well.</param>
public readonly record struct ShardEntry(ShardId Id, OwnerId Owner);
