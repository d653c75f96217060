namespace DistAttention.Contracts;

/// <summary>Names the rows of one shard.</summary>
/// <param name="Sequence">The sequence that made it.</param>
/// <param name="Index">Its positions start at Index × shard length.</param>
/// <param name="Generation">Tells shards of the same positions apart.</param>
[GenerateSerializer, Immutable, Alias("DistAttention.ShardRef")]
public readonly record struct ShardRef(
    [property: Id(0)] Guid Sequence,
    [property: Id(1)] int Index,
    [property: Id(2)] long Generation)
{
    /// <summary>Key of the shard's grain.</summary>
    public string GrainKey => $"{Sequence:N}/{Index}/{Generation}";
}
