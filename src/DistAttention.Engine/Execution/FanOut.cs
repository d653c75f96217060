using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using DistAttention.Engine.Ledger;
using DistAttention.Engine.Planning;
using DistAttention.Engine.Shards;

namespace DistAttention.Engine.Execution;

/// <summary>
/// Asks the owners of one tile for their parts, each until it answers whole: what is wrong or fails for now is asked for
/// again with growing pauses, and what has moved is asked for at its new owners. The first lasting failure stops the rest.
/// </summary>
/// <param name="query">The tile.</param>
/// <param name="ledger">Says where shards are now.</param>
/// <param name="time">The clock of pauses.</param>
/// <param name="ask">Asks one owner.</param>
internal sealed class FanOut<T>(TileQuery query, ISequenceLedger ledger, TimeProvider time, Func<OwnerId, TileRequest, CancellationToken, ValueTask<T>> ask)
    where T : IOwnerAnswer
{
    private static readonly TimeSpan _firstPause = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan _longestPause = TimeSpan.FromSeconds(1);

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
        ? AskAsync(parts[0], moves, cancellationToken)
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
                return await AskAsync(work, moves, stop.Token).ConfigureAwait(false);
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
    private async ValueTask<T[]> AskAsync(OwnerWork work, int moves, CancellationToken cancellationToken)
    {
        TileRequest request = RequestOf(work);
        TimeSpan pause = _firstPause;
        IReadOnlyList<OwnerWork>? moved = null;
        while (moved is null)
        {
            try
            {
                T answer = await ask(work.Owner, request, cancellationToken).ConfigureAwait(false);
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
                    await PauseAsync(_firstPause * (1 << Math.Min(moves, 6)), null, cancellationToken).ConfigureAwait(false);
                }

                moved = await FindAsync(work, missing, cancellationToken).ConfigureAwait(false);
            }
            catch (NumericOverflowException overflow)
            {
                throw overflow.InRow(overflow.Row + query.FirstRow);
            }
            catch (DistAttentionException e) when (e.IsTransient && e is not SnapshotLostException)
            {
                TimeSpan wait = e is OverloadedException overloaded && overloaded.RetryAfter > pause ? overloaded.RetryAfter : pause;
                await PauseAsync(wait, e, cancellationToken).ConfigureAwait(false);
                pause = pause * 2 < _longestPause ? pause * 2 : _longestPause;
                Interlocked.Increment(ref _retries);
            }
        }

        return await RunAsync(moved, moves + 1, cancellationToken).ConfigureAwait(false);
    }

    private async Task PauseAsync(TimeSpan pause, Exception? cause, CancellationToken cancellationToken)
    {
        try
        {
            await Task.Delay(pause, time, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (cause is not null)
        {
            // A deadline that passes here passed because of what kept the part from being answered.
            throw new OperationCanceledException(e.Message, cause, e.CancellationToken);
        }
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

    private TileRequest RequestOf(OwnerWork work) => new()
    {
        Spec = query.Snapshot.Spec,
        Snapshot = query.Snapshot.State,
        Q = query.Q,
        Rows = query.Rows,
        FirstQueryPosition = query.FirstQueryPosition,
        Mask = query.Options.Mask,
        Score = query.Options.Score,
        Shards = work.Shards,
        Nodes = work.Nodes,
    };
}
