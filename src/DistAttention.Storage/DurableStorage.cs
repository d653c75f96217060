using DistAttention.Engine;
using DistAttention.Engine.Ledger;
using DistAttention.Engine.Shards;
using DistAttention.Storage.Verifying;

namespace DistAttention.Storage;

/// <summary>A place that keeps sequences: what is acknowledged is there after a crash, kill or power cut.</summary>
public abstract class DurableStorage : IAsyncDisposable
{
    /// <summary>How long a hold may be without its sequence before it is given up.</summary>
    public static readonly TimeSpan SweepAge = TimeSpan.FromHours(1);

    /// <summary>The shards' rows.</summary>
    public abstract IShardStore Shards { get; }

    /// <summary>The sequences' ledgers.</summary>
    public abstract ILedgerStore Ledgers { get; }

    /// <summary>What can be checked here, piece by piece.</summary>
    internal abstract IScrubbed Scrubbed { get; }

    /// <summary>Opens the place that a text names: a folder, or a PostgreSQL database by its connection string.</summary>
    /// <param name="place">A path, or <c>Host=…;Database=…</c>.</param>
    /// <param name="create">Whether to make it where there is none.</param>
    /// <param name="cancellationToken">Cancels the opening.</param>
    /// <exception cref="StorageException">It is not there, cannot be used, or was made by a newer build.</exception>
    public static async ValueTask<DurableStorage> OpenAsync(string place, bool create, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(place);
        if (PostgresStorage.IsConnectionString(place))
        {
            return await PostgresStorage.ConnectAsync(place, create, cancellationToken).ConfigureAwait(false);
        }

        return create || Directory.Exists(place) ? new FileStorage(place) : throw new StorageException(place, "is not a folder");
    }

    /// <summary>Enters a cluster as the one that keeps its sequences here, or finds that it has done so before.</summary>
    /// <param name="cluster">The cluster's id.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>What tells this place from every other one; null where a place is only reached under one name.</returns>
    /// <exception cref="StorageException">Another cluster's sequences are kept here.</exception>
    public virtual ValueTask<Guid?> JoinAsync(string cluster, CancellationToken cancellationToken = default) => default;

    /// <summary>Makes an embedded client keep its sequences here.</summary>
    /// <param name="options">The client's options.</param>
    public EmbeddedOptions Configure(EmbeddedOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.ShardStore = Shards;
        options.LedgerStore = Ledgers;
        return options;
    }

    /// <summary>Gives back the space of shards that no sequence holds, left by processes that ended between two steps.</summary>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Cancels the sweep.</param>
    /// <returns>Shards that nobody holds any more.</returns>
    public ValueTask<int> SweepAsync(TimeProvider time, CancellationToken cancellationToken) => SweepAsync(time, SweepAge, cancellationToken);

    /// <summary>Gives back the space of shards that no sequence has held for some time.</summary>
    /// <param name="time">The clock, where the place has none of its own.</param>
    /// <param name="olderThan">Holds younger than this are left: their sequence may be about to be stored.</param>
    /// <param name="cancellationToken">Cancels the sweep.</param>
    /// <returns>Shards that nobody holds any more.</returns>
    public async ValueTask<int> SweepAsync(TimeProvider time, TimeSpan olderThan, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(time);
        HashSet<Guid> live = [];
        await foreach (LedgerRecord record in Ledgers.ListAsync("", cancellationToken).ConfigureAwait(false))
        {
            live.Add(record.Uid);
        }

        return await SweepShardsAsync(live, olderThan, time, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Closes what is open. Nothing acknowledged depends on it.</summary>
    public abstract ValueTask DisposeAsync();

    /// <summary>Gives back what others than the sequences that exist have held for some time.</summary>
    /// <param name="live">Sequences that exist.</param>
    /// <param name="olderThan">Holds younger than this are left.</param>
    /// <param name="time">The clock, where the place has none of its own.</param>
    /// <param name="cancellationToken">Cancels the sweep.</param>
    protected abstract ValueTask<int> SweepShardsAsync(IReadOnlySet<Guid> live, TimeSpan olderThan, TimeProvider time, CancellationToken cancellationToken);
}
