using DistAttention.Engine;
using DistAttention.Engine.Ledger;
using DistAttention.Storage.Files;

namespace DistAttention.Storage;

/// <summary>A folder that keeps sequences: what is acknowledged is there after a crash, kill or power cut.</summary>
public sealed class FileStorage : IDisposable
{
    /// <summary>How long a hold may be without its sequence before it is given up.</summary>
    public static readonly TimeSpan SweepAge = TimeSpan.FromHours(1);

    /// <summary>Uses a folder, making it if there is none.</summary>
    /// <param name="folder">Its path.</param>
    /// <exception cref="StorageException">It cannot be used.</exception>
    public FileStorage(string folder)
        : this(new DiskVolume(folder))
    {
    }

    /// <summary>Uses a volume.</summary>
    /// <param name="volume">Where everything is kept.</param>
    public FileStorage(IVolume volume)
    {
        Shards = new FileShardStore(volume);
        Ledgers = new FileLedgerStore(volume);
    }

    /// <summary>The shards' logs.</summary>
    public FileShardStore Shards { get; }

    /// <summary>The sequences' ledgers.</summary>
    public FileLedgerStore Ledgers { get; }

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
    /// <returns>Shards that were deleted.</returns>
    public async ValueTask<int> SweepAsync(TimeProvider time, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(time);
        HashSet<Guid> live = [];
        await foreach (LedgerRecord record in Ledgers.ListAsync("", cancellationToken).ConfigureAwait(false))
        {
            live.Add(record.Uid);
        }

        return await Shards.SweepAsync(live, SweepAge, time.GetUtcNow(), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Closes what is open for writing. Nothing acknowledged depends on it.</summary>
    public void Dispose() => Shards.Dispose();
}
