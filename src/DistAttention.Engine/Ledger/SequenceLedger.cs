using System.Collections.Immutable;
using DistAttention.Engine.Shards;

namespace DistAttention.Engine.Ledger;

/// <summary>
/// The ledger of one sequence: reserve, write, commit. Reservations live in memory only and stand in the order of their
/// positions; the length moves over written ones from the front, each move a compare-and-swap in the store. When a
/// reservation is given up or times out, those behind it are thrown away, the fence rises, and their appenders reserve again.
/// </summary>
public sealed partial class SequenceLedger : ISequenceLedger, IDisposable
{
    private readonly StoredLedger _stored;
    private readonly IShardPlacement _placement;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly PendingAppends _pending;
    private ImmutableArray<ShardEntry> _shards; // those of pending appends included
    private LedgerSnapshot? _lastSnapshot;

    private SequenceLedger(StoredLedger stored, IShardPlacement placement, TimeProvider time)
    {
        _stored = stored;
        _shards = stored.Record.Shards;
        _placement = placement;
        _time = time;
        _pending = new PendingAppends(time);
    }

    /// <summary>Takes a stored sequence over: its earlier owner, if one is left, and that one's writers are not heard any more.</summary>
    /// <param name="current">Its state in the store.</param>
    /// <param name="store">Where its state is kept.</param>
    /// <param name="placement">Chooses owners of new shards.</param>
    /// <param name="time">The clock of time-outs.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="LedgerFencedException">Another owner was first.</exception>
    public static async ValueTask<SequenceLedger> OpenAsync(VersionedLedger current, ILedgerStore store, IShardPlacement placement, TimeProvider time, CancellationToken cancellationToken) =>
        new(await StoredLedger.OpenAsync(current, store, cancellationToken).ConfigureAwait(false), placement, time);

    /// <summary>Stores a new sequence and takes it over.</summary>
    /// <param name="record">Its first state.</param>
    /// <param name="store">Where its state is kept.</param>
    /// <param name="placement">Chooses owners of new shards.</param>
    /// <param name="time">The clock of time-outs.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="SequenceExistsException">The name is taken.</exception>
    public static async ValueTask<SequenceLedger> CreateAsync(LedgerRecord record, ILedgerStore store, IShardPlacement placement, TimeProvider time, CancellationToken cancellationToken) =>
        new(await StoredLedger.CreateAsync(UsedAt(record, time), store, cancellationToken).ConfigureAwait(false), placement, time);

    /// <summary>Whether another owner is known to have taken the ledger over: this one answers nothing more, and can be opened anew.</summary>
    public bool IsReplaced => _stored.IsReplaced;

    /// <summary>The latest committed state, as it is kept in the store.</summary>
    public LedgerRecord Record => _stored.Record;

    /// <summary>The latest committed state for a query, which is a use of the sequence; see <see cref="GetLatestAsync"/>.</summary>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="LedgerFencedException">Another owner has taken the ledger over.</exception>
    public ValueTask<LedgerSnapshot> GetSnapshotAsync(CancellationToken cancellationToken) =>
        IsUseWorthNoting ? UseAsync(cancellationToken) : GetLatestAsync(cancellationToken);

    /// <summary>The latest committed state, latest at some moment of the call whoever else believes to own the ledger.</summary>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="LedgerFencedException">Another owner has taken the ledger over.</exception>
    public async ValueTask<LedgerSnapshot> GetLatestAsync(CancellationToken cancellationToken)
    {
        // The version first: a store in between makes the check fail, never the snapshot older than what is checked.
        long version = _stored.Version;
        LedgerSnapshot snapshot = Snapshot();
        if (await _stored.IsCurrentAsync(version, cancellationToken).ConfigureAwait(false))
        {
            return snapshot;
        }

        // It may be this ledger itself that writes a newer one.
        using (await EnterAsync(cancellationToken).ConfigureAwait(false))
        {
            await _stored.RequireCurrentAsync(cancellationToken).ConfigureAwait(false);
            return Snapshot();
        }
    }

    /// <summary>The latest committed state that this owner knows of: if another one has taken the ledger over, there may be a later one.</summary>
    public LedgerSnapshot Snapshot()
    {
        LedgerRecord record = Record;
        ThrowIfGone();
        LedgerSnapshot? last = Volatile.Read(ref _lastSnapshot);
        if (last is not null && ReferenceEquals(last.Record, record))
        {
            return last;
        }

        LedgerSnapshot snapshot = LedgerSnapshot.Of(record);
        Volatile.Write(ref _lastSnapshot, snapshot);
        return snapshot;
    }

    /// <summary>Deletes the sequence.</summary>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The shards it held.</returns>
    public async ValueTask<ImmutableArray<ShardEntry>> DeleteAsync(CancellationToken cancellationToken)
    {
        using (await EnterAsync(cancellationToken).ConfigureAwait(false))
        {
            return await DeleteInTurnAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _turn.Dispose();

    private async ValueTask<ImmutableArray<ShardEntry>> DeleteInTurnAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _stored.DeleteAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not LedgerFencedException)
        {
            ThrowAppendsAway();
            throw;
        }

        ThrowAppendsAway();
        return _shards;
    }

    private async ValueTask StoreAsync(LedgerRecord record)
    {
        try
        {
            await _stored.StoreAsync(record).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not LedgerFencedException)
        {
            ThrowAppendsAway();
            throw;
        }
    }

    /// <summary>Takes a turn, and makes sure of the state first if a write of unknown outcome has left it in doubt.</summary>
    private async ValueTask<Turn> EnterAsync(CancellationToken cancellationToken)
    {
        Turn turn = await TakeTurnAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ThrowIfGone();
            await BeSureAsync(cancellationToken).ConfigureAwait(false);
            ThrowIfGone();
            return turn;
        }
        catch
        {
            turn.Dispose();
            throw;
        }
    }

    private async ValueTask<Turn> TakeTurnAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        return new Turn(_turn);
    }

    private async ValueTask BeSureAsync(CancellationToken cancellationToken)
    {
        if (_stored.IsUnsure)
        {
            await _stored.TakeOverAnewAsync(cancellationToken).ConfigureAwait(false);
            _shards = Record.Shards;
        }
    }

    private void ThrowIfGone()
    {
        if (_stored.IsDeleted || Record.IsExpired(_time))
        {
            throw new SequenceNotFoundException(Record.Id);
        }
    }

    /// <summary>What one call at a time does; others wait until it is disposed of.</summary>
    private readonly struct Turn(SemaphoreSlim turn) : IDisposable
    {
        public void Dispose() => turn.Release();
    }
}
