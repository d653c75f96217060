using System.Globalization;
using System.Runtime.CompilerServices;
using DistAttention.Engine.Shards;
using DistAttention.Storage.Files;
using DistAttention.Storage.Logs;

namespace DistAttention.Storage;

/// <summary>
/// Shards in a folder, one append-only log each; an append is acknowledged when its rows are on the device. Several
/// processes may use one folder: each writes segments of its own, and a reader reads them all.
/// </summary>
/// <remarks>
/// <code>
/// shards/SEQUENCE/INDEX.GENERATION/   ID.kvlog          a segment
///                                     ID-ROWS.kvlog     a segment shared with the shard this one was cut from, up to a row
///                                     SEQUENCE.hold     a sequence that holds the shard; with the last one the shard goes
/// </code>
/// </remarks>
public sealed class FileShardStore : IShardStore, IDisposable
{
    private const string Root = "shards";
    private const string HoldExtension = ".hold";

    private readonly OpenSegments _writers;
    private readonly IVolume _volume;
    private readonly Func<Guid> _newId;

    /// <summary>Uses a volume.</summary>
    /// <param name="volume">Where the logs are.</param>
    /// <param name="newId">Names segments, each like no other and later ones larger; null for version 7 identifiers.</param>
    public FileShardStore(IVolume volume, Func<Guid>? newId = null)
    {
        ArgumentNullException.ThrowIfNull(volume);
        _volume = volume;
        _newId = newId ?? Guid.CreateVersion7;
        _writers = new OpenSegments(OpenWriterAsync);
    }

    /// <inheritdoc/>
    public bool IsDurable => true;

    /// <inheritdoc/>
    public async ValueTask AppendAsync(ShardWrite write, CancellationToken cancellationToken)
    {
        SegmentWriter writer = await _writers.LeaseAsync(write.Shard, write.Spec).ConfigureAwait(false);
        try
        {
            await writer.AppendAsync(write, cancellationToken).ConfigureAwait(false);
        }
        catch when (writer.IsBroken)
        {
            // What the segment holds at its end is unknown: the next rows go to a new one.
            _writers.Drop(write.Shard);
            throw;
        }
        finally
        {
            writer.Release();
        }
    }

    /// <inheritdoc/>
    public async ValueTask SeedAsync(ShardId shard, ShardId source, int count, CancellationToken cancellationToken)
    {
        await RetainAsync(shard, shard.Sequence, cancellationToken).ConfigureAwait(false);
        string folder = FolderOf(source);
        foreach (string name in await _volume.ListAsync(folder).ConfigureAwait(false))
        {
            if (SegmentName.TryParse(name) is { } segment)
            {
                await _volume.LinkAsync($"{folder}/{name}", $"{FolderOf(shard)}/{segment.CutTo(count)}").ConfigureAwait(false);
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask RetainAsync(ShardId shard, Guid holder, CancellationToken cancellationToken)
    {
        string path = HoldOf(shard, holder);
        if (await _volume.ChangedAsync(path).ConfigureAwait(false) is null)
        {
            (await _volume.CreateAsync(path).ConfigureAwait(false)).Dispose();
        }
    }

    /// <inheritdoc/>
    public async ValueTask<bool> ReleaseAsync(ShardId shard, Guid holder, CancellationToken cancellationToken)
    {
        await _volume.DeleteAsync(HoldOf(shard, holder)).ConfigureAwait(false);
        IReadOnlyList<string> left = await _volume.ListAsync(FolderOf(shard)).ConfigureAwait(false);
        if (left.Any(static name => name.EndsWith(HoldExtension, StringComparison.Ordinal)))
        {
            return false;
        }

        _writers.Drop(shard);
        await _volume.DeleteAsync(FolderOf(shard)).ConfigureAwait(false);
        return true;
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<ShardWrite> ReadAsync(ShardId shard, int fromRow, int requiredRows, CancellationToken cancellationToken) =>
        ReadAsync(shard, fromRow, requiredRows, damaged: null, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask LoadAsync(ShardLoad load, CancellationToken cancellationToken)
    {
        if (await StraightLoad.TryAsync(_volume, FolderOf(load.Id), load, cancellationToken).ConfigureAwait(false))
        {
            return;
        }

        load.Restart();
        using ShardLog log = await ShardLog.OpenAsync(_volume, FolderOf(load.Id), load.Id, damaged: null).ConfigureAwait(false);
        await log.LoadAsync(load, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Reads a shard; damage is told of and passed over instead of thrown, if there is somebody to tell.</summary>
    internal async IAsyncEnumerable<ShardWrite> ReadAsync(ShardId shard, int fromRow, int requiredRows, Action<StorageDamagedException>? damaged, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using ShardLog log = await ShardLog.OpenAsync(_volume, FolderOf(shard), shard, damaged).ConfigureAwait(false);
        await foreach (ShardWrite write in log.ReadAsync(fromRow, requiredRows, cancellationToken).ConfigureAwait(false))
        {
            yield return write;
        }
    }

    /// <summary>Every shard that has a folder.</summary>
    /// <param name="cancellationToken">Cancels the listing.</param>
    public async IAsyncEnumerable<ShardId> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (string sequence in await _volume.ListAsync(Root).ConfigureAwait(false))
        {
            foreach (string name in await _volume.ListAsync($"{Root}/{sequence}").ConfigureAwait(false))
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (ShardId.TryParse($"{sequence}/{name.Replace('.', '/')}", CultureInfo.InvariantCulture, out ShardId shard))
                {
                    yield return shard;
                }
            }
        }
    }

    /// <summary>Gives back what sequences that no longer exist still hold: a process may end between making rows and storing who they belong to.</summary>
    /// <param name="live">Sequences that exist.</param>
    /// <param name="olderThan">Holds younger than this are left: their sequence may be about to be stored.</param>
    /// <param name="now">The time.</param>
    /// <param name="cancellationToken">Cancels the sweep.</param>
    /// <returns>Shards that were deleted.</returns>
    public async ValueTask<int> SweepAsync(IReadOnlySet<Guid> live, TimeSpan olderThan, DateTimeOffset now, CancellationToken cancellationToken)
    {
        int deleted = 0;
        await foreach (ShardId shard in ListAsync(cancellationToken).ConfigureAwait(false))
        {
            bool held = false;
            await foreach ((Guid holder, DateTimeOffset since) in ListHoldersAsync(shard, cancellationToken).ConfigureAwait(false))
            {
                held = true;
                if (!live.Contains(holder) && now - since > olderThan && await ReleaseAsync(shard, holder, cancellationToken).ConfigureAwait(false))
                {
                    deleted++;
                }
            }

            // A process may also end between deleting the last hold and what it held.
            if (!held && await _volume.ChangedAsync(FolderOf(shard)).ConfigureAwait(false) is { } changed && now - changed > olderThan)
            {
                deleted += await ReleaseAsync(shard, shard.Sequence, cancellationToken).ConfigureAwait(false) ? 1 : 0;
            }
        }

        return deleted;
    }

    /// <summary>Closes the segments that are open for writing.</summary>
    public void Dispose() => _writers.Dispose();

    /// <summary>The sequences that hold a shard, and since when.</summary>
    internal async IAsyncEnumerable<(Guid Holder, DateTimeOffset Since)> ListHoldersAsync(ShardId shard, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (string name in await _volume.ListAsync(FolderOf(shard)).ConfigureAwait(false))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (name.EndsWith(HoldExtension, StringComparison.Ordinal)
                && Guid.TryParseExact(name[..^HoldExtension.Length], "N", out Guid holder)
                && await _volume.ChangedAsync($"{FolderOf(shard)}/{name}").ConfigureAwait(false) is { } since)
            {
                yield return (holder, since);
            }
        }
    }

    /// <summary>How messages call a shard.</summary>
    internal static string PlaceOf(ShardId shard) => FolderOf(shard);

    private static string FolderOf(ShardId shard) => string.Create(CultureInfo.InvariantCulture, $"{Root}/{shard.Sequence:N}/{shard.Index}.{shard.Generation}");

    private static string HoldOf(ShardId shard, Guid holder) => $"{FolderOf(shard)}/{holder:N}{HoldExtension}";

    private async ValueTask<SegmentWriter> OpenWriterAsync(ShardId shard, SequenceSpec spec)
    {
        await RetainAsync(shard, shard.Sequence, CancellationToken.None).ConfigureAwait(false);
        return await SegmentWriter.CreateAsync(_volume, $"{FolderOf(shard)}/{new SegmentName(_newId(), null)}", new SegmentHeader(shard, spec)).ConfigureAwait(false);
    }
}
