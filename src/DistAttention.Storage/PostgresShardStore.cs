using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using DistAttention.Engine.Shards;
using DistAttention.Storage.Logs;
using DistAttention.Storage.Postgres;

namespace DistAttention.Storage;

/// <summary>
/// Shards in a PostgreSQL database, a row per record; an append is acknowledged when its transaction is committed. Any number of
/// processes may use one database.
/// </summary>
public sealed class PostgresShardStore : IShardStore
{
    private const int MostRemembered = 65_536;

    private readonly ConcurrentDictionary<ShardId, ShardRow> _rows = new();
    private readonly ShardTable _shards;
    private readonly RecordTable _records;
    private readonly AppendQueue _queue;

    internal PostgresShardStore(Database database)
    {
        _shards = new ShardTable(database);
        _records = new RecordTable(database);
        _queue = new AppendQueue(writes => _records.StoreAsync(writes, CancellationToken.None));
    }

    /// <inheritdoc/>
    public bool IsDurable => true;

    /// <inheritdoc/>
    public async ValueTask AppendAsync(ShardWrite write, CancellationToken cancellationToken)
    {
        if (!_rows.TryGetValue(write.Shard, out ShardRow? row))
        {
            row = await _shards.FindOrAddAsync(write.Shard, write.Spec, cancellationToken).ConfigureAwait(false);
            Remember(row);
        }

        try
        {
            await _queue.AppendAsync(new RecordWrite(row, write), cancellationToken).ConfigureAwait(false);
        }
        catch (StaleWriteException)
        {
            _rows.TryRemove(write.Shard, out _);
            throw;
        }
    }

    /// <inheritdoc/>
    public ValueTask SeedAsync(ShardId shard, ShardId source, int count, CancellationToken cancellationToken) =>
        _shards.SeedAsync(shard, source, count, cancellationToken);

    /// <inheritdoc/>
    public ValueTask RetainAsync(ShardId shard, Guid holder, CancellationToken cancellationToken) =>
        _shards.RetainAsync(shard, holder, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<bool> ReleaseAsync(ShardId shard, Guid holder, CancellationToken cancellationToken)
    {
        bool last = await _shards.ReleaseAsync(shard, holder, cancellationToken).ConfigureAwait(false);
        if (last)
        {
            _rows.TryRemove(shard, out _);
        }

        return last;
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<ShardWrite> ReadAsync(ShardId shard, int fromRow, int requiredRows, CancellationToken cancellationToken) =>
        ReadAsync(shard, fromRow, requiredRows, damaged: null, cancellationToken);

    /// <summary>Every shard, those included that nobody holds and whose rows others start with.</summary>
    /// <param name="cancellationToken">Cancels the listing.</param>
    public IAsyncEnumerable<ShardId> ListAsync(CancellationToken cancellationToken) => _shards.ListAsync(cancellationToken);

    /// <summary>Gives back what sequences that no longer exist still hold: a process may end between making rows and storing who they belong to.</summary>
    /// <param name="live">Sequences that exist.</param>
    /// <param name="olderThan">Holds younger than this, by the server's clock, are left: their sequence may be about to be stored.</param>
    /// <param name="cancellationToken">Cancels the sweep.</param>
    /// <returns>Shards that nobody holds any more.</returns>
    public async ValueTask<int> SweepAsync(IReadOnlySet<Guid> live, TimeSpan olderThan, CancellationToken cancellationToken)
    {
        int released = 0;
        foreach ((Guid holder, ShardId shard) in await _shards.ListOldHoldsAsync(live, olderThan, cancellationToken).ConfigureAwait(false))
        {
            released += await ReleaseAsync(shard, holder, cancellationToken).ConfigureAwait(false) ? 1 : 0;
        }

        return released;
    }

    /// <summary>Reads a shard; damage is told of and passed over instead of thrown, if there is somebody to tell.</summary>
    internal async IAsyncEnumerable<ShardWrite> ReadAsync(ShardId shard, int fromRow, int requiredRows, Action<StorageDamagedException>? damaged, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (await _shards.FindAsync(shard, cancellationToken).ConfigureAwait(false) is not { } row)
        {
            yield break;
        }

        RowCoverage read = new();
        read.Add(new PositionRange(0, fromRow));
        await foreach (ShardWrite write in _records.ReadAsync(row, fromRow, damaged, cancellationToken).ConfigureAwait(false))
        {
            read.Add(new PositionRange(write.FirstIdx, write.FirstIdx + write.Count));
            yield return write;
        }

        if (damaged is null && read.MissingOf(requiredRows).FirstOrDefault() is { IsEmpty: false } missing)
        {
            long start = (long)shard.Index * row.Header.Spec.ShardLength;
            throw new StorageDamagedException(_shards.PlaceOf(shard), 0, new PositionRange(start + missing.Start, start + missing.End), "records of acknowledged rows are missing");
        }
    }

    /// <summary>The sequences that hold a shard, and since when.</summary>
    internal async IAsyncEnumerable<(Guid Holder, DateTimeOffset Since)> ListHoldersAsync(ShardId shard, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach ((Guid, DateTimeOffset) hold in await _shards.ListHoldersAsync(shard, cancellationToken).ConfigureAwait(false))
        {
            yield return hold;
        }
    }

    /// <summary>How messages call a shard.</summary>
    internal string PlaceOf(ShardId shard) => _shards.PlaceOf(shard);

    private void Remember(ShardRow row)
    {
        if (_rows.Count >= MostRemembered)
        {
            _rows.Clear(); // found again when they are needed
        }

        _rows[row.Header.Shard] = row;
    }
}
