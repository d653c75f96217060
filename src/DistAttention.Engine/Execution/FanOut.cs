using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using DistAttention.Calls;
using DistAttention.Engine.Ledger;
using DistAttention.Engine.Planning;
using DistAttention.Engine.Shards;
using DistAttention.Engine.Telemetry;

namespace DistAttention.Engine.Execution;

/// <summary>
/// Asks the owners of one tile for their parts, each until it answers whole: what is wrong or fails for now is asked for
/// again with growing pauses, what has moved is asked for at its new owners, and what an owner that does not answer held is asked for
/// where the ledger moves it to. The first lasting failure stops the rest.
/// </summary>
/// <param name="query">The tile.</param>
/// <param name="ledger">Says where shards are now.</param>
/// <param name="time">The clock of pauses.</param>
/// <param name="ask">Asks one owner.</param>
/// <param name="hedge">Who else may be asked when an owner is late.</param>
/// <param name="meter">Counts what did not go well.</param>
internal sealed class FanOut<T>(
    TileQuery query,
    ISequenceLedger ledger,
    TimeProvider time,
    Func<OwnerId, TileRequest, CancellationToken, ValueTask<T>> ask,
    Func<OwnerId, TileRequest, Hedge?> hedge,
    AttentionMeter meter)
    where T : IOwnerAnswer
{
    private static readonly TimeSpan _movePause = TimeSpan.FromMilliseconds(10);

    private int _retries;

    /// <summary>Parts asked for again.</summary>
    public int Retries => _retries;

    /// <summary>Asks for all parts. Nothing of the call runs on after it.</summary>
    /// <param name="parts">The parts, of disjoint nodes.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>Whole answers, in no order; the caller disposes them.</returns>
    public ValueTask<T[]> RunAsync(IReadOnlyList<OwnerWork> parts, CancellationToken cancellationToken) =>
        RunAsync(parts, moves: 0, cancellationToken);

    private ValueTask<T[]> RunAsync(IReadOnlyList<OwnerWork> parts, int moves, CancellationToken cancellationToken) => parts.Count == 1
        ? AskAsync(parts[0], moves, OutputOf(parts[0], moves), cancellationToken)
        : new(AskAllAsync(parts, moves, cancellationToken));

    private async Task<T[]> AskAllAsync(IReadOnlyList<OwnerWork> parts, int moves, CancellationToken cancellationToken)
    {
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        ExceptionDispatchInfo? first = null;
        Task<T[]>[] asked = [.. parts.Select(AskOrStopAsync)];
        try
        {
            return [.. (await Task.WhenAll(asked).ConfigureAwait(false)).SelectMany(static answers => answers)];
        }
        catch
        {
            foreach (Task<T[]> part in asked.Where(static p => p.IsCompletedSuccessfully))
            {
                Array.ForEach(part.Result, static answer => answer.Dispose());
            }

            if (first!.SourceException is not (DistAttentionException or OperationCanceledException))
            {
                throw new PartialFailureException(parts.Count, asked.Count(static p => p.IsFaulted), first.SourceException);
            }

            first.Throw();
            throw;
        }

        async Task<T[]> AskOrStopAsync(OwnerWork work)
        {
            try
            {
                return await AskAsync(work, moves, default, stop.Token).ConfigureAwait(false);
            }
            catch (Exception e)
            {
                Interlocked.CompareExchange(ref first, ExceptionDispatchInfo.Capture(e), null);
                await stop.CancelAsync().ConfigureAwait(false);
                throw;
            }
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<T[]> AskAsync(OwnerWork work, int moves, Memory<float> output, CancellationToken cancellationToken)
    {
        TileRequest request = RequestOf(work, output);
        Backoff backoff = new(time);
        IReadOnlyList<OwnerWork>? moved = null;
        while (moved is null)
        {
            try
            {
                T answer = hedge(work.Owner, request) is { } second
                    ? await new HedgedAsk<T>(time, ask, meter).RunAsync(work, request, second, cancellationToken).ConfigureAwait(false)
                    : await ask(work.Owner, request, cancellationToken).ConfigureAwait(false);
                if (answer.Answers(work))
                {
                    return [answer];
                }

                answer.Dispose();
                ShardId[] missing = [.. answer.NotHere.Intersect(work.Shards.Select(static s => s.Shard.Id))];
                if (missing.Length == 0)
                {
                    throw new BadAnswerException(work.Owner, work.Positions, answer.PositionsCounted);
                }

                Interlocked.Increment(ref _retries);
                if (moves > 0)
                {
                    await new Backoff(time).PauseAsync(_movePause * (1 << Math.Min(moves, 6)), null, cancellationToken).ConfigureAwait(false);
                }

                moved = await FindAsync(work, missing, cancellationToken).ConfigureAwait(false);
            }
            catch (OwnerUnreachableException e)
            {
                Interlocked.Increment(ref _retries);
                moved = await MoveAwayAsync(work, e, cancellationToken).ConfigureAwait(false);
                if (moved is null)
                {
                    await backoff.PauseAsync(TimeSpan.Zero, e, cancellationToken).ConfigureAwait(false);
                }
                else
                {
                    meter.FailedOver();
                }
            }
            catch (NumericOverflowException overflow)
            {
                throw overflow.InRow(overflow.Row + query.FirstRow);
            }
            catch (DistAttentionException e) when (e.IsTransient && e is not SnapshotLostException)
            {
                await backoff.PauseAsync(e is OverloadedException overloaded ? overloaded.RetryAfter : TimeSpan.Zero, e, cancellationToken).ConfigureAwait(false);
                Interlocked.Increment(ref _retries);
            }
        }

        return await RunAsync(moved, moves + 1, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Has the shards of an owner that does not answer moved to others; null if that one is all there is.</summary>
    private async ValueTask<IReadOnlyList<OwnerWork>?> MoveAwayAsync(OwnerWork work, OwnerUnreachableException cause, CancellationToken cancellationToken)
    {
        IReadOnlyList<ShardEntry> now;
        try
        {
            now = await ledger.ReassignAsync([.. work.Shards.Select(static s => s.Shard.Id)], work.Owner, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (e.InnerException is null)
        {
            // A deadline that passes here passed because the owner did not answer.
            throw new OperationCanceledException(e.Message, cause, e.CancellationToken);
        }
        catch (SequenceNotFoundException)
        {
            throw new SnapshotLostException(query.Snapshot.Id, query.Snapshot.State);
        }

        if (now.Count < work.Shards.Count)
        {
            throw new SnapshotLostException(query.Snapshot.Id, query.Snapshot.State);
        }

        return now.All(s => s.Owner == work.Owner)
            ? null
            : OwnerWork.Assign([.. work.Shards.Zip(now, static (slice, shard) => slice with { Shard = shard })], query.Snapshot.Spec.ShardLength, work.Nodes);
    }

    /// <summary>
    /// Shares a part out among those who hold its shards now. Its own nodes stay the uppermost ones, because what lies
    /// between them belongs to other parts.
    /// </summary>
    private async ValueTask<IReadOnlyList<OwnerWork>> FindAsync(OwnerWork work, ShardId[] missing, CancellationToken cancellationToken)
    {
        LedgerSnapshot pinned = query.Snapshot;
        LedgerSnapshot now;
        try
        {
            now = await ledger.GetSnapshotAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (SequenceNotFoundException)
        {
            throw new SnapshotLostException(pinned.Id, pinned.State);
        }

        List<ShardSlice> slices = [];
        foreach (ShardSlice slice in work.Shards)
        {
            ShardId id = slice.Shard.Id;
            bool stands = id.Index < now.Shards.Length && now.Shards.Span[id.Index].Id == id;
            OwnerId holder = stands ? now.Shards.Span[id.Index].Owner : work.Owner;
            if (missing.Contains(id) && !stands)
            {
                throw new SnapshotLostException(pinned.Id, pinned.State);
            }

            if (missing.Contains(id) && holder == work.Owner)
            {
                PositionRange lost = Planner.PositionsOf(id.Index, pinned.Spec.ShardLength, pinned.State.Length);
                throw new ShardLostException(pinned.Id, lost, $"their owner {holder} does not hold them");
            }

            // What the owner did not miss it still holds, whatever the ledger says by now.
            slices.Add(slice with { Shard = new ShardEntry(id, missing.Contains(id) ? holder : work.Owner) });
        }

        return OwnerWork.Assign(slices, pinned.Spec.ShardLength, work.Nodes);
    }

    /// <summary>The query's own memory, for whoever answers all of it with one partial.</summary>
    private Memory<float> OutputOf(OwnerWork work, int moves) => moves == 0 && work.Nodes.Count == 1 ? query.Output : default;

    private TileRequest RequestOf(OwnerWork work, Memory<float> output) => new()
    {
        Output = output,
        Spec = query.Snapshot.Spec,
        Snapshot = query.Snapshot.State,
        Fence = query.Snapshot.Fence,
        Caller = query.Caller,
        Q = query.Q,
        Rows = query.Rows,
        FirstQueryPosition = query.FirstQueryPosition,
        Mask = query.Options.Mask,
        Score = query.Options.Score,
        Shards = work.Shards,
        Nodes = work.Nodes,
    };
}
