using DistAttention.Storage.Files;
using DistAttention.Storage.Verifying;

namespace DistAttention.Storage;

/// <summary>A folder that keeps sequences.</summary>
public sealed class FileStorage : DurableStorage, IDisposable
{
    private readonly IVolume _volume;

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
        _volume = volume;
        Shards = new FileShardStore(volume);
        Ledgers = new FileLedgerStore(volume);
    }

    /// <inheritdoc/>
    public override FileShardStore Shards { get; }

    /// <inheritdoc/>
    public override FileLedgerStore Ledgers { get; }

    internal override IScrubbed Scrubbed => new ScrubbedFiles(Shards, Ledgers);

    /// <inheritdoc/>
    public override async ValueTask<Guid?> JoinAsync(string cluster, CancellationToken cancellationToken = default) =>
        await StorageMark.JoinAsync(_volume, cluster, cancellationToken).ConfigureAwait(false);

    /// <summary>Closes what is open for writing. Nothing acknowledged depends on it.</summary>
    public void Dispose() => Shards.Dispose();

    /// <inheritdoc/>
    public override ValueTask DisposeAsync()
    {
        Dispose();
        return default;
    }

    /// <inheritdoc/>
    protected override ValueTask<int> SweepShardsAsync(IReadOnlySet<Guid> live, TimeSpan olderThan, TimeProvider time, CancellationToken cancellationToken) =>
        Shards.SweepAsync(live, olderThan, time.GetUtcNow(), cancellationToken);
}
