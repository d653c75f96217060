namespace DistAttention.Engine.Shards;

/// <summary>
/// Keeps no rows: they are as safe as the memory they are packed into. The default of the embedded client, which would
/// otherwise hold every row twice.
/// </summary>
public sealed class ResidentShardStore : IShardStore
{
    private readonly HoldTable _holds = new();

    /// <inheritdoc/>
    public bool IsDurable => false;

    /// <inheritdoc/>
    public ValueTask AppendAsync(ShardWrite write, CancellationToken cancellationToken)
    {
        _holds.RetainFirst(write.Shard);
        return default;
    }

    /// <inheritdoc/>
    public ValueTask SeedAsync(ShardId shard, ShardId source, int count, CancellationToken cancellationToken)
    {
        _holds.RetainFirst(shard);
        return default;
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<ShardWrite> ReadAsync(ShardId shard, int fromRow, int requiredRows, CancellationToken cancellationToken) => AsyncEnumerable.Empty<ShardWrite>();

    /// <summary>The sequences that hold a shard, for another process that is to hold it.</summary>
    /// <param name="shard">The shard.</param>
    public IReadOnlyCollection<Guid> HoldersOf(ShardId shard) => _holds.HoldersOf(shard);

    /// <inheritdoc/>
    public ValueTask RetainAsync(ShardId shard, Guid holder, CancellationToken cancellationToken)
    {
        _holds.Retain(shard, holder);
        return default;
    }

    /// <inheritdoc/>
    public ValueTask<bool> ReleaseAsync(ShardId shard, Guid holder, CancellationToken cancellationToken) => new(_holds.Release(shard, holder));
}
