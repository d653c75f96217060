namespace DistAttention.Engine.Shards;

/// <summary>
/// Keeps nothing: rows are as safe as the memory they are packed into. The default of the embedded client, which would
/// otherwise hold every row twice.
/// </summary>
public sealed class ResidentShardStore : IShardStore
{
    /// <inheritdoc/>
    public ValueTask AppendAsync(ShardWrite write, CancellationToken cancellationToken) => default;

    /// <inheritdoc/>
    public ValueTask SeedAsync(ShardId shard, ShardId source, int count, CancellationToken cancellationToken) => default;

    /// <inheritdoc/>
    public IAsyncEnumerable<ShardWrite> ReadAsync(ShardId shard, CancellationToken cancellationToken) => AsyncEnumerable.Empty<ShardWrite>();

    /// <inheritdoc/>
    public ValueTask DeleteAsync(ShardId shard, CancellationToken cancellationToken) => default;
}
