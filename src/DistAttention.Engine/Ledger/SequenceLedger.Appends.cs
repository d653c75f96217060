using DistAttention.Engine.Shards;

namespace DistAttention.Engine.Ledger;

/// <summary>How the sequence grows.</summary>
public sealed partial class SequenceLedger
{
    /// <summary>How long a reservation may stay uncommitted while others wait behind it.</summary>
    public static readonly TimeSpan ReservationTimeout = TimeSpan.FromSeconds(60);

    /// <inheritdoc/>
    public async ValueTask<Reservation> ReserveAsync(OperationId operationId, long count, long? expectedPosition, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        using (await EnterAsync(cancellationToken).ConfigureAwait(false))
        {
            ThrowLateAppendsAway();
            if (Record.Operations.TryGet(operationId, out PositionRange done))
            {
                RequireSameCount(operationId, done.Length, count);
                return new Reservation(operationId, done, Record.Fence, [], new AppendResult(done.Start, done.Length, Record.Snapshot));
            }

            PendingAppend? pending = _pending.Find(operationId);
            if (pending is null)
            {
                long start = _pending.End(Record.Length);
                if (expectedPosition is { } expected && expected != start)
                {
                    await _stored.RequireCurrentAsync(cancellationToken).ConfigureAwait(false);
                    throw new AppendConflictException($"The append would land at position {start}, not at {expected}.");
                }

                await NoteUseInTurnAsync().ConfigureAwait(false);
                pending = new PendingAppend(operationId, new PositionRange(start, checked(start + count)), Record.Fence);
                AddShards(pending.Rows.End);
                _pending.Add(pending);
            }
            else
            {
                // Who asks again may have been refused by a shard that has seen a later owner's writes.
                await _stored.RequireCurrentAsync(cancellationToken).ConfigureAwait(false);
            }

            RequireSameCount(operationId, pending.Rows.Length, count);
            _pending.Renew(pending);
            return new Reservation(operationId, pending.Rows, Record.Fence, PartsOf(pending.Rows), null);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<AppendResult> CommitAsync(Reservation reservation, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(reservation);
        if (reservation.Completed is { } completed)
        {
            return completed;
        }

        Task<AppendResult> committed;
        using (await EnterAsync(cancellationToken).ConfigureAwait(false))
        {
            if (Record.Operations.TryGet(reservation.OperationId, out PositionRange done))
            {
                return new AppendResult(done.Start, done.Length, Record.Snapshot);
            }

            PendingAppend pending = _pending.Find(reservation) ?? throw new ReservationLostException(reservation.OperationId);
            pending.Written = true;
            committed = pending.Committed;
            await AdvanceAsync().ConfigureAwait(false);
        }

        return await WaitForThoseAheadAsync(committed, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<bool> AbortAsync(OperationId operationId)
    {
        using (await TakeTurnAsync(CancellationToken.None).ConfigureAwait(false))
        {
            bool isGivenUp = _pending.ThrowAway(operationId);
            RaiseFenceIf(isGivenUp);
            return isGivenUp;
        }
    }

    private static void RequireSameCount(OperationId operationId, long first, long now)
    {
        if (first != now)
        {
            throw new AppendConflictException($"Append {operationId} was made with {first} rows before and has {now} now.");
        }
    }

    private void AddShards(long end)
    {
        int needed = LedgerSnapshot.ShardCount(end, Record.Spec.ShardLength);
        while (_shards.Length < needed)
        {
            OwnerId owner = _placement.Choose(Record.Spec, _shards, end);
            _shards = _shards.Add(new ShardEntry(new ShardId(Record.Uid, _shards.Length, Record.Fence), owner));
        }
    }

    private List<ReservedPart> PartsOf(PositionRange rows)
    {
        int shardLength = Record.Spec.ShardLength;
        List<ReservedPart> parts = [];
        for (long at = rows.Start; at < rows.End;)
        {
            int shard = (int)(at / shardLength);
            long stop = Math.Min(rows.End, (shard + 1L) * shardLength);
            int committed = (int)Math.Clamp(Record.Length - ((long)shard * shardLength), 0, shardLength);
            parts.Add(new ReservedPart(_shards[shard], (int)(at % shardLength), at - rows.Start, (int)(stop - at), committed));
            at = stop;
        }

        return parts;
    }

    /// <summary>Moves the length over the written reservations at the front.</summary>
    private async ValueTask AdvanceAsync()
    {
        int ready = 0;
        OperationWindow operations = Record.Operations;
        long length = Record.Length;
        foreach (PendingAppend pending in _pending.Written())
        {
            operations = operations.Add(pending.OperationId, pending.Rows);
            length = pending.Rows.End;
            ready++;
        }

        if (ready > 0)
        {
            await StoreAsync(Used(Record with { Length = length, Operations = operations, Shards = _shards })).ConfigureAwait(false);
            _pending.Commit(ready, Record.Snapshot);
        }
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
                using (await TakeTurnAsync(cancellationToken).ConfigureAwait(false))
                {
                    ThrowLateAppendsAway();
                }
            }
        }

        return await committed.ConfigureAwait(false);
    }

    private void ThrowLateAppendsAway() => RaiseFenceIf(_pending.ThrowAwayLate());

    private void ThrowAppendsAway()
    {
        _pending.ThrowAway();
        _stored.RaiseFence();
    }

    /// <summary>Positions that were given out are given out again: whoever still writes there must be told from who then does.</summary>
    private void RaiseFenceIf(bool isThrownAway)
    {
        if (isThrownAway)
        {
            _stored.RaiseFence();
        }
    }
}
