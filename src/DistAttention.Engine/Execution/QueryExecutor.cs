using DistAttention.Engine.Compute;
using DistAttention.Engine.Ledger;
using DistAttention.Engine.Planning;
using DistAttention.Engine.Shards;
using DistAttention.Kernels;

namespace DistAttention.Engine.Execution;

/// <summary>
/// Runs a query tile: plans it, asks each owner once, verifies what comes back, asks again for what is missing, and
/// merges along the canonical tree. The caller gets the exact partial or a typed error, never a part.
/// </summary>
public sealed class QueryExecutor
{
    private static readonly TimeSpan _firstPause = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan _longestPause = TimeSpan.FromSeconds(1);

    private readonly IShardGateway _gateway;
    private readonly ComputePool _pool;
    private readonly TimeProvider _time;

    /// <summary>Makes an executor.</summary>
    /// <param name="gateway">Reaches the owners.</param>
    /// <param name="pool">Where merges run.</param>
    /// <param name="time">The clock of pauses between attempts.</param>
    public QueryExecutor(IShardGateway gateway, ComputePool pool, TimeProvider time)
    {
        _gateway = gateway;
        _pool = pool;
        _time = time;
    }

    /// <summary>Runs the first pass of a tile.</summary>
    /// <param name="query">The tile.</param>
    /// <param name="ledger">Asked again when a shard is not where the snapshot says.</param>
    /// <param name="cancellationToken">Ends the call, its deadline included.</param>
    /// <returns>The outcome; the caller disposes it.</returns>
    public async ValueTask<TileOutcome> ExecuteAsync(TileQuery query, ISequenceLedger ledger, CancellationToken cancellationToken)
    {
        TilePlan plan = TilePlan.Make(query.Snapshot, query.Mask, query.Queries);
        SequenceSpec spec = query.Snapshot.Spec;
        if (plan.Work.Count == 0)
        {
            return new TileOutcome(new PooledPartial(query.Rows, spec.NumHeadsQ, spec.HeadDimV), 0, plan.BlocksSkipped, 0, 0);
        }

        int retries = 0;
        Task<TileAnswer>[] asked = [.. plan.Work.Select(AskAsync)];
        await SettleAsync(asked, static answer => answer.Dispose()).ConfigureAwait(false);

        NodePartial[] partials = [.. asked.SelectMany(static a => a.Result.Partials).OrderBy(static p => p.Node.FirstRun)];
        PooledPartial root = partials.Length == 1 ? partials[0].Partial : await MergeAsync(partials, query, cancellationToken).ConfigureAwait(false);
        return new TileOutcome(root, plan.BlocksVisited, plan.BlocksSkipped, partials.Length, retries);

        Task<TileAnswer> AskAsync(OwnerWork work) => AskUntilAnsweredAsync(
            query,
            work,
            ledger,
            (owner, request) => ComputeVerifiedAsync(owner, request, work, cancellationToken),
            static answer => answer.NotHere,
            () => Interlocked.Increment(ref retries),
            cancellationToken);
    }

    /// <summary>Runs the second pass of a tile.</summary>
    /// <param name="query">The tile.</param>
    /// <param name="outcome">The outcome of its first pass.</param>
    /// <param name="options">What to report.</param>
    /// <param name="ledger">Asked again when a shard is not where the snapshot says.</param>
    /// <param name="cancellationToken">Ends the call, its deadline included.</param>
    /// <returns>The mass of the tile's rows.</returns>
    public async ValueTask<MassBuffer> ExecuteMassAsync(TileQuery query, TileOutcome outcome, AttentionMassOptions options, ISequenceLedger ledger, CancellationToken cancellationToken)
    {
        TilePlan plan = TilePlan.Make(query.Snapshot, query.Mask, query.Queries);
        Task<MassAnswer>[] asked = [.. plan.Work.Select(AskAsync)];
        await SettleAsync(asked, static _ => { }).ConfigureAwait(false);

        MassBuffer total = new(query.Rows, query.Snapshot.Spec.NumHeadsQ, query.Snapshot.State.Length, options.Bins, options.TopK);
        foreach (Task<MassAnswer> answer in asked)
        {
            total.Span.Add(answer.Result.Mass.Span);
        }

        return total;

        Task<MassAnswer> AskAsync(OwnerWork work) => AskUntilAnsweredAsync(
            query,
            work,
            ledger,
            (owner, request) => MassVerifiedAsync(owner, request, outcome, options, work, cancellationToken),
            static answer => answer.NotHere,
            static () => { },
            cancellationToken);
    }

    /// <summary>Turns the outcome of a tile into o and lse.</summary>
    /// <param name="query">The tile.</param>
    /// <param name="outcome">The outcome of its first pass.</param>
    /// <param name="o">Receives o [Rows, NumHeadsQ, HeadDimV].</param>
    /// <param name="lse">Receives lse [Rows, NumHeadsQ]; empty if it is not wanted.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="NumericOverflowException">An output exceeds float32; names the row of the call.</exception>
    public Task FinishAsync(TileQuery query, TileOutcome outcome, Memory<float> o, Memory<float> lse, CancellationToken cancellationToken) =>
        _pool.RunAsync(new FinishJob(outcome.Root, o, lse, query.FirstRow, cancellationToken));

    private static TileRequest RequestOf(TileQuery query, OwnerWork work) => new()
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

    /// <summary>Waits for all parts, so that nothing of the call runs on after it; then fails as the first failed.</summary>
    private static async Task SettleAsync<T>(Task<T>[] parts, Action<T> discard)
    {
        try
        {
            await Task.WhenAll(parts).ConfigureAwait(false);
        }
        catch
        {
            foreach (Task<T> part in parts.Where(static p => p.IsCompletedSuccessfully))
            {
                discard(part.Result);
            }

            Task<T>[] failed = [.. parts.Where(static p => p.IsFaulted)];
            if (parts.Length > 1 && failed is [{ Exception.InnerException: { } first }, ..] && first is not DistAttentionException)
            {
                throw new PartialFailureException(parts.Length, failed.Length, first);
            }

            throw;
        }
    }

    private async ValueTask<TileAnswer> ComputeVerifiedAsync(OwnerId owner, TileRequest request, OwnerWork work, CancellationToken cancellationToken)
    {
        TileAnswer answer = await _gateway.ComputeAsync(owner, request, cancellationToken).ConfigureAwait(false);
        if (answer.NotHere.Count == 0
            && (answer.PositionsCounted != work.Positions || !answer.Partials.Select(static p => p.Node).SequenceEqual(work.Nodes)))
        {
            answer.Dispose();
            throw new BadAnswerException(owner, work.Positions, answer.PositionsCounted);
        }

        return answer;
    }

    private async ValueTask<MassAnswer> MassVerifiedAsync(OwnerId owner, TileRequest request, TileOutcome outcome, AttentionMassOptions options, OwnerWork work, CancellationToken cancellationToken)
    {
        MassRequest mass = new() { Tile = request, MaxLog2 = outcome.Root.MaxLog2, Sum = outcome.Root.Sum, TopK = options.TopK, Bins = options.Bins };
        MassAnswer answer = await _gateway.MassAsync(owner, mass, cancellationToken).ConfigureAwait(false);
        return answer.NotHere.Count == 0 && answer.PositionsCounted != work.Positions
            ? throw new BadAnswerException(owner, work.Positions, answer.PositionsCounted)
            : answer;
    }

    /// <summary>Asks one owner for its part until it answers whole, with growing pauses; only a lasting error or the caller ends it.</summary>
    private async Task<T> AskUntilAnsweredAsync<T>(
        TileQuery query,
        OwnerWork work,
        ISequenceLedger ledger,
        Func<OwnerId, TileRequest, ValueTask<T>> ask,
        Func<T, IReadOnlyList<ShardId>> notHere,
        Action retried,
        CancellationToken cancellationToken)
    {
        TileRequest request = RequestOf(query, work);
        OwnerId owner = work.Owner;
        TimeSpan pause = _firstPause;
        while (true)
        {
            try
            {
                T answer = await ask(owner, request).ConfigureAwait(false);
                if (notHere(answer) is not [ShardId missing, ..])
                {
                    return answer;
                }

                owner = await FindAsync(query, missing, owner, ledger, cancellationToken).ConfigureAwait(false);
            }
            catch (NumericOverflowException overflow)
            {
                throw overflow.InRow(overflow.Row + query.FirstRow);
            }
            catch (DistAttentionException e) when (e.IsTransient && e is not SnapshotLostException)
            {
                TimeSpan wait = e is OverloadedException overloaded && overloaded.RetryAfter > pause ? overloaded.RetryAfter : pause;
                await Task.Delay(wait, _time, cancellationToken).ConfigureAwait(false);
                pause = pause * 2 < _longestPause ? pause * 2 : _longestPause;
            }

            retried();
        }
    }

    /// <summary>Asks the ledger who holds a shard now.</summary>
    private static async ValueTask<OwnerId> FindAsync(TileQuery query, ShardId missing, OwnerId asked, ISequenceLedger ledger, CancellationToken cancellationToken)
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

        if (missing.Index >= now.Shards.Length || now.Shards.Span[missing.Index].Id != missing)
        {
            throw new SnapshotLostException(pinned.Id, pinned.State);
        }

        OwnerId holder = now.Shards.Span[missing.Index].Owner;
        return holder != asked
            ? holder
            : throw new ShardLostException(
                pinned.Id,
                Planner.PositionsOf(missing.Index, pinned.Spec.ShardLength, pinned.State.Length),
                $"their owner {asked} does not hold them");
    }

    private async Task<PooledPartial> MergeAsync(NodePartial[] partials, TileQuery query, CancellationToken cancellationToken)
    {
        MergeJob job = new(partials, TreeNode.Root(query.Snapshot.State.Length), cancellationToken);
        await _pool.RunAsync(job).ConfigureAwait(false);
        return job.Root!;
    }
}
