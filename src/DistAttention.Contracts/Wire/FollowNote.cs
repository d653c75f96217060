namespace DistAttention.Contracts;

/// <summary>What is committed of a shard that another silo writes, told to the one that keeps it warm.</summary>
/// <param name="Shard">The shard.</param>
/// <param name="Rows">Rows of it that are committed.</param>
/// <param name="Fence">The ledger's fence with them.</param>
/// <param name="Bytes">Bytes that they take in memory.</param>
[GenerateSerializer, Immutable, Alias("DistAttention.FollowNote")]
public readonly record struct FollowNote(
    [property: Id(0)] ShardRef Shard,
    [property: Id(1)] int Rows,
    [property: Id(2)] long Fence,
    [property: Id(3)] long Bytes);
