namespace DistAttention.Engine.Shards;

/// <summary>A shard in memory.</summary>
/// <param name="Id">The shard.</param>
/// <param name="Positions">Rows of it that can be read.</param>
/// <param name="Bytes">Bytes of native memory.</param>
/// <param name="Uses">How often it was asked for, to be read or written, since it is known here: grows.</param>
public readonly record struct ShardUse(ShardId Id, int Positions, long Bytes, long Uses);
