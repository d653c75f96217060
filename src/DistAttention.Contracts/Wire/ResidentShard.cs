namespace DistAttention.Contracts;

/// <summary>A shard in a silo's memory.</summary>
/// <param name="Shard">The shard.</param>
/// <param name="Bytes">Bytes of native memory that it takes.</param>
/// <param name="Heat">How often it was asked for of late: every time counts one, and half of it is forgotten every minute.</param>
[GenerateSerializer, Immutable, Alias("DistAttention.ResidentShard")]
public readonly record struct ResidentShard(
    [property: Id(0)] ShardRef Shard,
    [property: Id(1)] long Bytes,
    [property: Id(2)] double Heat);
