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
    /// <summary>How long a reservation may stay uncommitted while others wait behind it.</summary>
    public static readonly TimeSpan ReservationTimeout = TimeSpan.FromSeconds(60);

    private readonly ILedgerStore _store;
    private readonly IShardPlacement _placement;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly List<Pending> _pending = [];
    private ImmutableArray<ShardEntry> _shards;
    private LedgerRecord _record;
    private LedgerSnapshot? _lastSnapshot;
    private long _version;
    private bool _deleted;
    private bool _replaced;
    private bool _unsure; // whether the last write happened is not known

    private SequenceLedger(LedgerRecord record, long version, ILedgerStore store, IShardPlacement placement, TimeProvider time)
    {
        _record = record;
        _version = version;
        _shards = _record.Shards;
        _store = store;
        _placement = placement;
        _time = time;
    }

    /// <summary>Takes a stored sequence over: its earlier owner, if one is left, and that one's writers are not heard any more.</summary>
    /// <param name="current">Its state in the store.</param>
    /// <param name="store">Where its state is kept.</param>
    /// <param name="placement">Chooses owners of new shards.</param>
    /// <param name="time">The clock of time-outs.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="LedgerFencedException">Another owner was first.</exception>
    public static async ValueTask<SequenceLedger> OpenAsync(VersionedLedger current, ILedgerStore store, IShardPlacement placement, TimeProvider time, CancellationToken cancellationToken)
    {
        LedgerRecord record = OfNextOwner(current.Record);
        long? version = await store.CompareAndSwapAsync(record, current.Version, cancellationToken).ConfigureAwait(false);
        return new SequenceLedger(record, version ?? throw new LedgerFencedException(record.Id), store, placement, time);
    }

    /// <summary>Stores a new sequence and takes it over.</summary>
    /// <param name="record">Its first state.</param>
    /// <param name="store">Where its state is kept.</param>
    /// <param name="placement">Chooses owners of new shards.</param>
    /// <param name="time">The clock of time-outs.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="SequenceExistsException">The name is taken.</exception>
    public static async ValueTask<SequenceLedger> CreateAsync(LedgerRecord record, ILedgerStore store, IShardPlacement placement, TimeProvider time, CancellationToken cancellationToken)
    {
        record = UsedAt(OfNextOwner(record), time);
        long? version = await store.CompareAndSwapAsync(record, 0, cancellationToken).ConfigureAwait(false);
        return new SequenceLedger(record, version ?? throw new SequenceExistsException(record.Id), store, placement, time);
    }

    /// <summary>Whether another owner is known to have taken the ledger over: this one answers nothing more, and can be opened anew.</summary>
    public bool IsReplaced => Volatile.Read(ref _replaced);

    /// <summary>The latest committed state, as it is kept in the store.</summary>
    public LedgerRecord Record => Volatile.Read(ref _record);

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
        long version = Volatile.Read(ref _version);
        LedgerSnapshot snapshot = Snapshot();
        if (await _store.IsCurrentAsync(snapshot.Id, version, cancellationToken).ConfigureAwait(false))
        {
            return snapshot;
        }

        // It may be this ledger itself that writes a newer one.
        await EnterAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await RequireCurrentAsync(cancellationToken).ConfigureAwait(false);
            return Snapshot();
        }
        finally
        {
            _turn.Release();
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

    /// <inheritdoc/>
    public async ValueTask<Reservation> ReserveAsync(OperationId operationId, long count, long? expectedPosition, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        await EnterAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ThrowAwayTimedOut();
            if (_record.Operations.TryGet(operationId, out PositionRange done))
            {
                RequireSameCount(operationId, done.Length, count);
                return new Reservation(operationId, done, _record.Fence, [], new AppendResult(done.Start, done.Length, _record.Snapshot));
            }

            Pending? pending = _pending.Find(p => p.OperationId == operationId);
            if (pending is null)
            {
                long start = _pending.Count > 0 ? _pending[^1].Rows.End : _record.Length;
                if (expectedPosition is { } expected && expected != start)
                {
                    await RequireCurrentAsync(cancellationToken).ConfigureAwait(false);
                    throw new AppendConflictException($"The append would land at position {start}, not at {expected}.");
                }

                await NoteUseInTurnAsync().ConfigureAwait(false);
                pending = new Pending(operationId, new PositionRange(start, checked(start + count)), _record.Fence);
                AddShards(pending.Rows.End);
                _pending.Add(pending);
            }
            else
            {
                // Who asks again may have been refused by a shard that has seen a later owner's writes.
                await RequireCurrentAsync(cancellationToken).ConfigureAwait(false);
            }

            RequireSameCount(operationId, pending.Rows.Length, count);
            pending.Deadline = _time.GetUtcNow() + ReservationTimeout;
            return new Reservation(operationId, pending.Rows, _record.Fence, PartsOf(pending.Rows), null);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <inheritdoc/>
    public async ValueTask<AppendResult> CommitAsync(Reservation reservation, CancellationToken cancellationToken)
    {
        if (reservation.Completed is { } completed)
        {
            return completed;
        }

        Task<AppendResult> committed;
        await EnterAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_record.Operations.TryGet(reservation.OperationId, out PositionRange done))
            {
                return new AppendResult(done.Start, done.Length, _record.Snapshot);
            }

            Pending? pending = _pending.Find(p => p.OperationId == reservation.OperationId && p.Rows == reservation.Rows && p.Fence <= reservation.Fence);
            if (pending is null)
            {
                throw new ReservationLostException(reservation.OperationId);
            }

            pending.Written = true;
            committed = pending.Committed.Task;
            await AdvanceAsync().ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }

        return await WaitForThoseAheadAsync(committed, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<bool> AbortAsync(OperationId operationId)
    {
        await _turn.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            int at = _pending.FindIndex(p => p.OperationId == operationId);
            if (at >= 0)
            {
                ThrowAwayFrom(at);
            }

            return at >= 0;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Cuts the sequence and throws away every reservation.</summary>
    /// <param name="length">Positions to keep.</param>
    /// <param name="seed">Makes the new generation of a cut shard: (new, old, rows to keep).</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The new state, and the shards that are no longer part of the sequence.</returns>
    public ValueTask<(SequenceSnapshot Snapshot, ImmutableArray<ShardEntry> Dropped)> TruncateAsync(
        long length,
        Func<ShardEntry, ShardEntry, int, ValueTask> seed,
        CancellationToken cancellationToken) => TruncateAsync(null, length, seed, cancellationToken);

    /// <summary>Cuts the sequence and throws away every reservation. Once: repeating it under the same id changes nothing.</summary>
    /// <param name="operationId">Names the cut; it is then remembered among the appends. Null where nobody will repeat it.</param>
    /// <param name="length">Positions to keep.</param>
    /// <param name="seed">Makes the new generation of a cut shard: (new, old, rows to keep).</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The new state, and the shards that are no longer part of the sequence.</returns>
    public async ValueTask<(SequenceSnapshot Snapshot, ImmutableArray<ShardEntry> Dropped)> TruncateAsync(
        OperationId? operationId,
        long length,
        Func<ShardEntry, ShardEntry, int, ValueTask> seed,
        CancellationToken cancellationToken)
    {
        await EnterAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (operationId is { } asked && _record.Operations.TryGet(asked, out PositionRange done))
            {
                return (_record.Snapshot with { Length = Math.Min(done.Start, _record.Length) }, []);
            }

            if (length < 0 || length > _record.Length)
            {
                await RequireCurrentAsync(cancellationToken).ConfigureAwait(false);
                throw new InvalidSpecException(nameof(length), $"{length} is not between 0 and the sequence's length, {_record.Length}");
            }

            ThrowAwayFrom(0);
            long generation = _record.Fence;
            ImmutableArray<ShardEntry> kept = await CutShardsAsync(_record.Uid, generation, length, seed).ConfigureAwait(false);
            ImmutableArray<ShardEntry> before = _shards;
            LedgerRecord cut = _record with { Epoch = _record.Epoch + 1, Length = length, Shards = kept };
            cut = Used(cut);
            await StoreAsync(operationId is { } id ? cut with { Operations = cut.Operations.Add(id, new PositionRange(length, length)) } : cut).ConfigureAwait(false);
            _shards = kept;
            return (_record.Snapshot, [.. before.Except(kept)]);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>The record of a new sequence that shares this one's first positions. Nothing is stored yet.</summary>
    /// <param name="id">Its name.</param>
    /// <param name="uid">Its uid, which whoever asks for it makes.</param>
    /// <param name="length">Positions to share; null for all committed ones.</param>
    /// <param name="seed">Makes the new sequence's own copy of a cut shard: (new, old, rows to keep).</param>
    /// <param name="retain">Lets the new sequence hold the shards that it shares: (shards, new sequence).</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public async ValueTask<LedgerRecord> ForkAsync(
        SequenceId id,
        Guid uid,
        long? length,
        Func<ShardEntry, ShardEntry, int, ValueTask> seed,
        Func<IReadOnlyList<ShardEntry>, Guid, ValueTask> retain,
        CancellationToken cancellationToken)
    {
        await EnterAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await NoteUseInTurnAsync().ConfigureAwait(false);
            long keep = length ?? _record.Length;
            if (keep < 0 || keep > _record.Length)
            {
                await RequireCurrentAsync(cancellationToken).ConfigureAwait(false);
                throw new InvalidSpecException(nameof(length), $"{keep} is not between 0 and the sequence's length, {_record.Length}");
            }

            ImmutableArray<ShardEntry> shards = await CutShardsAsync(uid, 0, keep, seed).ConfigureAwait(false);
            await retain([.. shards.Where(s => s.Id.Sequence != uid)], uid).ConfigureAwait(false);

            // Checked last: until now this sequence held all that the new one shares, so none of it can be gone.
            await RequireCurrentAsync(cancellationToken).ConfigureAwait(false);

            // Its fences go on above this one's, under which the rows it starts with were stored.
            return new LedgerRecord { Id = id, Uid = uid, Spec = _record.Spec, Length = keep, Fence = _record.Fence, Shards = shards };
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Takes note of where a shard was found.</summary>
    /// <param name="shard">The shard.</param>
    /// <param name="owner">Who holds it.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public async ValueTask MoveAsync(ShardId shard, OwnerId owner, CancellationToken cancellationToken)
    {
        await EnterAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (shard.Index >= _shards.Length || _shards[shard.Index].Id != shard)
            {
                return;
            }

            _shards = _shards.SetItem(shard.Index, new ShardEntry(shard, owner));
            if (shard.Index < _record.Shards.Length)
            {
                await StoreAsync(_record with { Shards = _shards }).ConfigureAwait(false);
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<ShardEntry>> ReassignAsync(IReadOnlyList<ShardId> shards, OwnerId unreachable, CancellationToken cancellationToken)
    {
        await EnterAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ImmutableArray<ShardEntry> moved = _shards;
            foreach (ShardId shard in shards)
            {
                if (shard.Index < moved.Length
                    && moved[shard.Index] == new ShardEntry(shard, unreachable)
                    && _placement.ChooseInstead(_record.Spec, moved, shard.Index) is { } owner)
                {
                    moved = moved.SetItem(shard.Index, new ShardEntry(shard, owner));
                }
            }

            if (moved != _shards)
            {
                // Shards that are only reserved are stored with the append that fills them.
                await StoreAsync(_record with { Shards = moved[.._record.Shards.Length] }).ConfigureAwait(false);
                _shards = moved;
            }

            return [.. shards.Where(s => s.Index < moved.Length && moved[s.Index].Id == s).Select(s => moved[s.Index])];
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Deletes the sequence.</summary>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The shards it held.</returns>
    public async ValueTask<ImmutableArray<ShardEntry>> DeleteAsync(CancellationToken cancellationToken)
    {
        await EnterAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await DeleteInTurnAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _turn.Dispose();

    private static void RequireSameCount(OperationId operationId, long first, long now)
    {
        if (first != now)
        {
            throw new AppendConflictException($"Append {operationId} was made with {first} rows before and has {now} now.");
        }
    }

    private async ValueTask<ImmutableArray<ShardEntry>> DeleteInTurnAsync(CancellationToken cancellationToken)
    {
        bool deleted;
        try
        {
            deleted = await _store.DeleteAsync(_record.Id, _version, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            BeUnsure();
            throw;
        }

        if (!deleted)
        {
            throw Replaced();
        }

        ThrowAwayFrom(0);
        Volatile.Write(ref _deleted, true);
        return _shards;
    }

    /// <summary>The shards of the first positions: whole ones shared, a cut one made anew.</summary>
    private async ValueTask<ImmutableArray<ShardEntry>> CutShardsAsync(Guid uid, long generation, long length, Func<ShardEntry, ShardEntry, int, ValueTask> seed)
    {
        int whole = (int)(length / _record.Spec.ShardLength);
        int rest = (int)(length % _record.Spec.ShardLength);
        ImmutableArray<ShardEntry> shards = _record.Shards[..whole];
        if (rest == 0)
        {
            return shards;
        }

        ShardEntry old = _record.Shards[whole];
        ShardEntry cut = new(new ShardId(uid, whole, generation), old.Owner);
        try
        {
            await seed(cut, old, rest).ConfigureAwait(false);
        }
        catch (ShardLostException)
        {
            // If another owner has taken over, it may have let the shard go; nothing is lost then.
            await RequireCurrentAsync(CancellationToken.None).ConfigureAwait(false);
            throw;
        }

        return shards.Add(cut);
    }

    private void AddShards(long end)
    {
        int needed = LedgerSnapshot.ShardCount(end, _record.Spec.ShardLength);
        while (_shards.Length < needed)
        {
            OwnerId owner = _placement.Choose(_record.Spec, _shards, end);
            _shards = _shards.Add(new ShardEntry(new ShardId(_record.Uid, _shards.Length, _record.Fence), owner));
        }
    }

    private List<ReservedPart> PartsOf(PositionRange rows)
    {
        int shardLength = _record.Spec.ShardLength;
        List<ReservedPart> parts = [];
        for (long at = rows.Start; at < rows.End;)
        {
            int shard = (int)(at / shardLength);
            long stop = Math.Min(rows.End, (shard + 1L) * shardLength);
            int committed = (int)Math.Clamp(_record.Length - ((long)shard * shardLength), 0, shardLength);
            parts.Add(new ReservedPart(_shards[shard], (int)(at % shardLength), at - rows.Start, (int)(stop - at), committed));
            at = stop;
        }

        return parts;
    }

    /// <summary>Moves the length over the written reservations at the front.</summary>
    private async ValueTask AdvanceAsync()
    {
        int ready = 0;
        OperationWindow operations = _record.Operations;
        long length = _record.Length;
        while (ready < _pending.Count && _pending[ready].Written)
        {
            operations = operations.Add(_pending[ready].OperationId, _pending[ready].Rows);
            length = _pending[ready].Rows.End;
            ready++;
        }

        if (ready == 0)
        {
            return;
        }

        await StoreAsync(Used(_record with { Length = length, Operations = operations, Shards = _shards })).ConfigureAwait(false);
        foreach (Pending pending in _pending[..ready])
        {
            pending.Committed.TrySetResult(new AppendResult(pending.Rows.Start, pending.Rows.Length, _record.Snapshot));
        }

        _pending.RemoveRange(0, ready);
    }

    private async ValueTask<AppendResult> WaitForThoseAheadAsync(Task<AppendResult> committed, CancellationToken cancellationToken)
    {
        while (!committed.IsCompleted)
        {
            try
            {
                return await committed.WaitAsync(ReservationTimeout, _time, cancellationToken).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
                try
                {
                    ThrowAwayTimedOut();
                }
                finally
                {
                    _turn.Release();
                }
            }
        }

        return await committed.ConfigureAwait(false);
    }

    private void ThrowAwayTimedOut()
    {
        DateTimeOffset now = _time.GetUtcNow();
        int at = _pending.FindIndex(p => !p.Written && p.Deadline <= now);
        if (at >= 0)
        {
            ThrowAwayFrom(at);
        }
    }

    private void ThrowAwayFrom(int index)
    {
        foreach (Pending pending in _pending[index..])
        {
            pending.Committed.TrySetException(new ReservationLostException(pending.OperationId));

            // Nobody may be waiting: an appender that is still writing learns of it when it commits.
            _ = pending.Committed.Task.Exception;
        }

        _pending.RemoveRange(index, _pending.Count - index);
        _record = _record with { Fence = _record.Fence + 1 };
    }

    /// <summary>Takes a turn, and makes sure of the state first if a write of unknown outcome has left it in doubt.</summary>
    private async ValueTask EnterAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ThrowIfGone();
            if (_unsure)
            {
                await TakeOverAnewAsync(cancellationToken).ConfigureAwait(false);
                ThrowIfGone();
            }
        }
        catch
        {
            _turn.Release();
            throw;
        }
    }

    /// <summary>
    /// Goes on from what the store holds, under a fence above all that was given out: rows of a write that did happen must not be
    /// overwritten by an append that was told it did not.
    /// </summary>
    private async ValueTask TakeOverAnewAsync(CancellationToken cancellationToken)
    {
        VersionedLedger? stored = await _store.ReadAsync(_record.Id, cancellationToken).ConfigureAwait(false);
        if (stored?.Record.Uid != _record.Uid)
        {
            Volatile.Write(ref _deleted, true);
            ThrowIfGone();
        }

        LedgerRecord record = OfNextOwner(stored!.Record);
        long? version = await _store.CompareAndSwapAsync(record, stored.Version, CancellationToken.None).ConfigureAwait(false);
        Use(record, version);
        _shards = record.Shards;
        _unsure = false;
    }

    /// <summary>Never cancelled: a write that may or may not have happened would leave this ledger behind its own store.</summary>
    private async ValueTask StoreAsync(LedgerRecord record)
    {
        try
        {
            Use(record, await _store.CompareAndSwapAsync(record, _version, CancellationToken.None).ConfigureAwait(false));
        }
        catch (Exception e) when (e is not LedgerFencedException)
        {
            BeUnsure();
            throw;
        }
    }

    private void Use(LedgerRecord record, long? version)
    {
        Volatile.Write(ref _record, version is null ? throw Replaced() : record);
        Volatile.Write(ref _version, version.Value);
    }

    private LedgerFencedException Replaced()
    {
        Volatile.Write(ref _replaced, true);
        return new LedgerFencedException(_record.Id);
    }

    private void BeUnsure()
    {
        _unsure = true;
        ThrowAwayFrom(0);
    }

    /// <summary>The upper half of a fence counts owners, the lower half what one owner threw away without storing it.</summary>
    private static LedgerRecord OfNextOwner(LedgerRecord record) => record with { Fence = ((record.Fence >> 32) + 1) << 32 };

    /// <summary>Only inside a turn: outside, a write of this ledger's own may be on its way.</summary>
    private async ValueTask RequireCurrentAsync(CancellationToken cancellationToken)
    {
        if (!await _store.IsCurrentAsync(_record.Id, _version, cancellationToken).ConfigureAwait(false))
        {
            throw Replaced();
        }
    }

    private void ThrowIfGone()
    {
        if (Volatile.Read(ref _deleted) || Record.IsExpired(_time))
        {
            throw new SequenceNotFoundException(_record.Id);
        }
    }

    private sealed class Pending(OperationId operationId, PositionRange rows, long fence)
    {
        public OperationId OperationId { get; } = operationId;

        public PositionRange Rows { get; } = rows;

        /// <summary>Since then nobody else was given these positions; what was written under an older fence may have been overwritten.</summary>
        public long Fence { get; } = fence;

        public bool Written { get; set; }

        public DateTimeOffset Deadline { get; set; }

        public TaskCompletionSource<AppendResult> Committed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
