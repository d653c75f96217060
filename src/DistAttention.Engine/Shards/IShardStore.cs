namespace DistAttention.Engine.Shards;

/// <summary>
/// Where the rows of shards outlive memory. An append is acknowledged only after the store took it, so a store that
/// keeps rows for good makes acknowledged rows durable without any change in the callers.
/// </summary>
public interface IShardStore
{
    /// <summary>Keeps rows. Completes when they are as safe as this store makes them.</summary>
    /// <param name="write">The rows; the memory is the caller's again when the call completes.</param>
    /// <param name="cancellationToken">Cancels the call; the rows may then be kept or not.</param>
    ValueTask AppendAsync(ShardWrite write, CancellationToken cancellationToken);

    /// <summary>
    /// Makes <paramref name="shard"/> start with the first <paramref name="count"/> rows of <paramref name="source"/>.
    /// </summary>
    /// <param name="shard">A shard that the store does not know yet.</param>
    /// <param name="source">The shard whose rows it starts with.</param>
    /// <param name="count">How many rows.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    ValueTask SeedAsync(ShardId shard, ShardId source, int count, CancellationToken cancellationToken);

    /// <summary>Reads back what was kept of a shard, oldest first; later rows replace earlier ones in the same place. Empty if nothing was.</summary>
    /// <param name="shard">The shard.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    IAsyncEnumerable<ShardWrite> ReadAsync(ShardId shard, CancellationToken cancellationToken);

    /// <summary>Forgets a shard. Forgetting one that is not known is no error.</summary>
    /// <param name="shard">The shard.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    ValueTask DeleteAsync(ShardId shard, CancellationToken cancellationToken);
}
