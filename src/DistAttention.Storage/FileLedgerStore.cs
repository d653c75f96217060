using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using DistAttention.Engine.Ledger;
using DistAttention.Storage.Files;
using DistAttention.Storage.Ledgers;

namespace DistAttention.Storage;

/// <summary>
/// Ledgers in a folder, one file each: a state, and behind it what changed, written anew when it has grown. A change is made
/// under a lock that excludes other processes, and is durable before it is acknowledged.
/// </summary>
/// <remarks>The file of a ledger is named by the SHA-256 of its sequence's name, which may be longer than file names may be.</remarks>
public sealed class FileLedgerStore : ILedgerStore
{
    private const string Root = "ledgers";
    private const string Extension = ".ledger";
    private const int RewriteLength = 1 << 20;

    private readonly ConcurrentDictionary<SequenceId, LedgerFile> _known = new();
    private readonly IVolume _volume;

    /// <summary>Uses a volume.</summary>
    /// <param name="volume">Where the ledgers are.</param>
    public FileLedgerStore(IVolume volume)
    {
        ArgumentNullException.ThrowIfNull(volume);
        _volume = volume;
    }

    /// <inheritdoc/>
    public async ValueTask<VersionedLedger?> ReadAsync(SequenceId id, CancellationToken cancellationToken)
    {
        LedgerFile? state = await LoadUnlockedAsync(id, cancellationToken).ConfigureAwait(false);
        return state?.Record is { } record ? new VersionedLedger(record, state.Version) : null;
    }

    /// <inheritdoc/>
    /// <remarks>Under the lock nobody is in the middle of a change; what one that ended there has left counts once it is on the device.</remarks>
    public async ValueTask<VersionedLedger?> ReadCommittedAsync(SequenceId id, CancellationToken cancellationToken)
    {
        string path = PathOf(id);
        IAsyncDisposable held = await _volume.LockAsync(LockOf(path), cancellationToken).ConfigureAwait(false);
        await using (held.ConfigureAwait(false))
        {
            if (await LoadAsync(path, id).ConfigureAwait(false) is not { Record: { } record } state)
            {
                return null;
            }

            if (!_known.TryGetValue(id, out LedgerFile? durable) || durable != (object)state)
            {
                // Whoever wrote it may have failed to sync it, and no later sync makes up for that: written anew, of the same version.
                _known[id] = await ReplaceAsync(path, state.Version, record).ConfigureAwait(false);
            }

            return new VersionedLedger(record, state.Version);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<bool> IsCurrentAsync(SequenceId id, long version, CancellationToken cancellationToken) =>
        await LoadUnlockedAsync(id, cancellationToken).ConfigureAwait(false) is { Record: not null } state && state.Version == version;

    /// <inheritdoc/>
    public async ValueTask<long?> CompareAndSwapAsync(LedgerRecord record, long expectedVersion, CancellationToken cancellationToken)
    {
        string path = PathOf(record.Id);
        IAsyncDisposable held = await _volume.LockAsync(LockOf(path), cancellationToken).ConfigureAwait(false);
        await using (held.ConfigureAwait(false))
        {
            LedgerFile? before = await LoadAsync(path, record.Id).ConfigureAwait(false);
            if ((before?.Record is null ? 0 : before.Version) != expectedVersion)
            {
                return null;
            }

            LedgerFile after = await WriteAsync(path, before, record).ConfigureAwait(false);
            _known[record.Id] = after;
            return after.Version;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<bool> DeleteAsync(SequenceId id, long expectedVersion, CancellationToken cancellationToken)
    {
        string path = PathOf(id);
        IAsyncDisposable held = await _volume.LockAsync(LockOf(path), cancellationToken).ConfigureAwait(false);
        await using (held.ConfigureAwait(false))
        {
            LedgerFile? before = await LoadAsync(path, id).ConfigureAwait(false);
            if (before?.Record is null || before.Version != expectedVersion)
            {
                return false;
            }

            // The name may be used again, by a ledger whose versions go on above this one's: an old owner stays fenced.
            _known[id] = await ReplaceAsync(path, before.Version + 1, null).ConfigureAwait(false);
            return true;
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<LedgerRecord> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        List<LedgerRecord> found = [];
        await foreach (string path in ListFilesAsync(cancellationToken).ConfigureAwait(false))
        {
            if (await ReadFileAsync(path).ConfigureAwait(false) is { } record && record.Id.Value.StartsWith(prefix, StringComparison.Ordinal))
            {
                found.Add(record);
            }
        }

        foreach (LedgerRecord record in found.OrderBy(static r => r.Id.Value, StringComparer.Ordinal))
        {
            yield return record;
        }
    }

    /// <summary>The files of all ledgers.</summary>
    internal async IAsyncEnumerable<string> ListFilesAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (string folder in await _volume.ListAsync(Root).ConfigureAwait(false))
        {
            foreach (string name in await _volume.ListAsync($"{Root}/{folder}").ConfigureAwait(false))
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (name.EndsWith(Extension, StringComparison.Ordinal))
                {
                    yield return $"{Root}/{folder}/{name}";
                }
            }
        }
    }

    /// <summary>Reads one of them; null if its sequence is deleted.</summary>
    internal async ValueTask<LedgerRecord?> ReadFileAsync(string path) => (await LoadAsync(path, id: null).ConfigureAwait(false))?.Record;

    private static string PathOf(SequenceId id)
    {
        string hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(id.Value)));
        return $"{Root}/{hash[..2]}/{hash}{Extension}";
    }

    private static string LockOf(string path) => path + ".lock";

    /// <summary>Reads a ledger beside whoever writes it. What looks broken may be half written: then it is read again under the lock.</summary>
    private async ValueTask<LedgerFile?> LoadUnlockedAsync(SequenceId id, CancellationToken cancellationToken)
    {
        string path = PathOf(id);
        try
        {
            return await LoadAsync(path, id).ConfigureAwait(false);
        }
        catch (StorageDamagedException)
        {
            IAsyncDisposable held = await _volume.LockAsync(LockOf(path), cancellationToken).ConfigureAwait(false);
            await using (held.ConfigureAwait(false))
            {
                return await LoadAsync(path, id).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Reads a ledger, or takes it as it is known if its file is unchanged.</summary>
    private async ValueTask<LedgerFile?> LoadAsync(string path, SequenceId? id)
    {
        using IVolumeFile? file = await _volume.OpenAsync(path, write: false).ConfigureAwait(false);
        if (file is null)
        {
            return null;
        }

        long length = file.Length;
        if (id is { } name && _known.TryGetValue(name, out LedgerFile? known) && known.Length == length)
        {
            byte[] last = new byte[Math.Min(known.LastSlot.Length, length)];
            await file.ReadAsync(length - last.Length, last).ConfigureAwait(false);
            if (last.AsSpan().SequenceEqual(known.LastSlot))
            {
                return known;
            }
        }

        byte[] bytes = new byte[checked((int)length)];
        int read = await file.ReadAsync(0, bytes).ConfigureAwait(false);
        LedgerFile? loaded = LedgerFile.Read(path, bytes.AsSpan(0, read));
        if (id is { } wanted && loaded?.Record is { } record && record.Id != wanted)
        {
            throw new StorageDamagedException(path, 0, default, $"it is the ledger of '{record.Id}', not of '{wanted}'");
        }

        return loaded;
    }

    /// <summary>
    /// Writes a change behind what this store itself made durable, anything else anew. What another process left may be readable and yet
    /// not be on the device: its sync may have failed, and no later one makes up for that.
    /// </summary>
    private async ValueTask<LedgerFile> WriteAsync(string path, LedgerFile? before, LedgerRecord record)
    {
        long version = (before?.Version ?? 0) + 1;
        bool isDurable = before is not null && _known.TryGetValue(record.Id, out LedgerFile? written) && written == (object)before;
        byte[]? change = isDurable && before!.Record is { } known && before.Length < RewriteLength ? LedgerCodec.EncodeChange(known, record) : null;
        if (change is null)
        {
            return await ReplaceAsync(path, version, record).ConfigureAwait(false);
        }

        using IVolumeFile file = await _volume.OpenAsync(path, write: true).ConfigureAwait(false)
            ?? throw new StorageException(path, "is gone");
        if (file.Length > before!.Length)
        {
            // A torn write of a process that ended: gone for good before anything is written in its place.
            await file.TruncateAsync(before.Length).ConfigureAwait(false);
            await file.SyncAsync().ConfigureAwait(false);
        }

        byte[] slots = LedgerSlots.Encode(version, change);
        await file.WriteAsync(before.Length, slots).ConfigureAwait(false);
        await file.SyncAsync().ConfigureAwait(false);
        return new LedgerFile(record, version, before.Length + slots.Length, slots[^LedgerSlots.SlotLength..]);
    }

    /// <summary>Writes a whole state beside the old one, then takes its place.</summary>
    private async ValueTask<LedgerFile> ReplaceAsync(string path, long version, LedgerRecord? record)
    {
        string beside = path + ".new";
        await _volume.DeleteAsync(beside).ConfigureAwait(false);
        byte[] slots = LedgerSlots.Encode(version, record is null ? LedgerCodec.Deletion : LedgerCodec.Encode(record));
        using (IVolumeFile file = await _volume.CreateAsync(beside).ConfigureAwait(false))
        {
            await file.WriteAsync(0, slots).ConfigureAwait(false);
            await file.SyncAsync().ConfigureAwait(false);
        }

        await _volume.MoveAsync(beside, path).ConfigureAwait(false);
        return new LedgerFile(record, version, slots.Length, slots[^LedgerSlots.SlotLength..]);
    }
}
