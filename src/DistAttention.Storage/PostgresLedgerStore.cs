using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using DistAttention.Engine.Ledger;
using DistAttention.Storage.Ledgers;
using DistAttention.Storage.Postgres;
using Npgsql;

namespace DistAttention.Storage;

/// <summary>
/// Ledgers in a PostgreSQL database: a row that tells the version, and a row for the last whole state and for each change
/// since. A compare-and-swap is one statement.
/// </summary>
public sealed class PostgresLedgerStore : ILedgerStore
{
    /// <summary>Changes are kept until they are this many bytes; then the whole state is written anew.</summary>
    private const long RewriteBytes = 256 << 10;

    private const int NamesPerPage = 500;

    private readonly ConcurrentDictionary<SequenceId, KnownLedger> _known = new();
    private readonly LedgerTable _table;

    internal PostgresLedgerStore(Database database) => _table = new LedgerTable(database);

    /// <inheritdoc/>
    public async ValueTask<VersionedLedger?> ReadAsync(SequenceId id, CancellationToken cancellationToken)
    {
        StoredLedger? stored = await _table.ReadAsync(id.Value, cancellationToken).ConfigureAwait(false);
        if (stored is not { IsLive: true })
        {
            _known.TryRemove(id, out _);
            return null;
        }

        string place = _table.PlaceOf(id.Value);
        (LedgerRecord? record, long version) = LedgerHistory.Replay(place, stored.Entries);
        if (record?.Id != id || version != stored.Version || stored.Entries[0].Version != stored.Base)
        {
            throw new StorageDamagedException(place, 0, default, $"its entries make version {version} of '{record?.Id}', not version {stored.Version}");
        }

        _known[id] = new KnownLedger(record, version, stored.Entries.Skip(1).Sum(static e => (long)e.Entry.Length));
        return new VersionedLedger(record, version);
    }

    /// <inheritdoc/>
    public ValueTask<bool> IsCurrentAsync(SequenceId id, long version, CancellationToken cancellationToken) =>
        _table.IsCurrentAsync(id.Value, version, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<long?> CompareAndSwapAsync(LedgerRecord record, long expectedVersion, CancellationToken cancellationToken)
    {
        string name = record.Id.Value;
        LedgerSwap swap;
        if (expectedVersion == 0)
        {
            StoredLedger? stored = await _table.ReadAsync(name, cancellationToken).ConfigureAwait(false);
            if (stored is { IsLive: true })
            {
                return null;
            }

            swap = new LedgerSwap(name, stored?.Version ?? 0, WasLive: false, LedgerCodec.Encode(record), IsWhole: true);
        }
        else
        {
            byte[]? change = _known.TryGetValue(record.Id, out KnownLedger? known) && known.Version == expectedVersion && known.ChangeBytes < RewriteBytes
                ? LedgerCodec.EncodeChange(known.Record, record)
                : null;
            swap = new LedgerSwap(name, expectedVersion, WasLive: true, change ?? LedgerCodec.Encode(record), IsWhole: change is null);
        }

        if (await _table.SwapAsync(swap, cancellationToken).ConfigureAwait(false) is not { } version)
        {
            return null;
        }

        long before = swap.IsWhole ? 0 : _known[record.Id].ChangeBytes + swap.Entry!.Length;
        _known[record.Id] = new KnownLedger(record, version, before);
        return version;
    }

    /// <inheritdoc/>
    public async ValueTask<bool> DeleteAsync(SequenceId id, long expectedVersion, CancellationToken cancellationToken)
    {
        _known.TryRemove(id, out _);
        LedgerSwap deletion = new(id.Value, expectedVersion, WasLive: true, Entry: null, IsWhole: true);
        return await _table.SwapAsync(deletion, cancellationToken).ConfigureAwait(false) is not null;
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<LedgerRecord> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (string name in ListNamesAsync(prefix, cancellationToken).ConfigureAwait(false))
        {
            if (await ReadAsync(name, cancellationToken).ConfigureAwait(false) is { } ledger)
            {
                yield return ledger.Record;
            }
        }
    }

    /// <summary>The names of all ledgers, in ordinal order.</summary>
    internal async IAsyncEnumerable<string> ListNamesAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string after = "";
        IReadOnlyList<string> page;
        do
        {
            page = await _table.ListNamesAsync(prefix, after, NamesPerPage, cancellationToken).ConfigureAwait(false);
            foreach (string name in page)
            {
                yield return after = name;
            }
        }
        while (page.Count == NamesPerPage);
    }

    /// <summary>A ledger as this process last read or wrote it.</summary>
    private sealed record KnownLedger(LedgerRecord Record, long Version, long ChangeBytes);
}
