namespace DistAttention.Contracts;

/// <summary>Where a shard is.</summary>
/// <param name="Silo">The silo that answers for it.</param>
/// <param name="Rows">Rows it holds from the first on; 0 if it holds nothing.</param>
[GenerateSerializer, Immutable, Alias("DistAttention.ShardWhereabouts")]
public readonly record struct ShardWhereabouts(
    [property: Id(0)] string Silo,
    [property: Id(1)] int Rows);
