namespace DistAttention.Engine.Shards;

/// <summary>
/// Where the rows of shards outlive memory. An append is acknowledged only after the store took it, so a store that
/// keeps rows for good makes acknowledged rows durable without any change in the callers.
/// </summary>
public interface IShardStore
{
    /// <summary>Whether rows can be read back, so that a shard may leave memory.</summary>
    bool IsDurable { get; }

    /// <summary>Keeps rows. Completes when they are as safe as this store makes them. The first rows of a shard let its maker hold it.</summary>
    /// <param name="write">The rows; the memory is the caller's again when the call completes.</param>
    /// <param name="cancellationToken">Cancels the call; the rows may then be kept or not.</param>
    ValueTask AppendAsync(ShardWrite write, CancellationToken cancellationToken);

    /// <summary>
    /// Makes <paramref name="shard"/> start with the first <paramref name="count"/> rows of <paramref name="source"/>, held by its maker.
    /// </summary>
    /// <param name="shard">A shard that the store does not know yet.</param>
    /// <param name="source">The shard whose rows it starts with.</param>
    /// <param name="count">How many rows, all of them committed.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    ValueTask SeedAsync(ShardId shard, ShardId source, int count, CancellationToken cancellationToken);

    /// <summary>
    /// Reads back what was kept of a shard. Where rows overlap, the ones of the highest fence count; of one fence, the later. Empty if
    /// nothing was kept. The memory of a write is valid until the next one is asked for.
    /// </summary>
    /// <param name="shard">The shard.</param>
    /// <param name="fromRow">What ends before this row is not wanted and may be left out.</param>
    /// <param name="requiredRows">Rows known to be committed: a store that finds them gone with something broken says so.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <exception cref="StorageDamagedException">What was kept is not what is there.</exception>
    IAsyncEnumerable<ShardWrite> ReadAsync(ShardId shard, int fromRow, int requiredRows, CancellationToken cancellationToken);

    /// <summary>Reads back like <see cref="ReadAsync"/>, straight into the memory of a shard.</summary>
    /// <param name="load">Receives the rows.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <exception cref="StorageDamagedException">What was kept is not what is there.</exception>
    async ValueTask LoadAsync(ShardLoad load, CancellationToken cancellationToken)
    {
        await foreach (ShardWrite write in ReadAsync(load.Id, load.FirstRow, load.CommittedRows, cancellationToken).ConfigureAwait(false))
        {
            load.Add(write);
        }
    }

    /// <summary>Lets another sequence hold a shard too. Holding twice is holding once.</summary>
    /// <param name="shard">The shard.</param>
    /// <param name="holder">The sequence.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    ValueTask RetainAsync(ShardId shard, Guid holder, CancellationToken cancellationToken);

    /// <summary>Ends a sequence's hold on a shard; the last one's end forgets it. Ending a hold that is not there is no error.</summary>
    /// <param name="shard">The shard.</param>
    /// <param name="holder">The sequence.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>Whether nobody holds it any more.</returns>
    ValueTask<bool> ReleaseAsync(ShardId shard, Guid holder, CancellationToken cancellationToken);
}
