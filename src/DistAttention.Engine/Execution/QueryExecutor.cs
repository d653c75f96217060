using System.Runtime.CompilerServices;
using DistAttention.Engine.Compute;
using DistAttention.Engine.Ledger;
using DistAttention.Engine.Planning;
using DistAttention.Engine.Shards;
using DistAttention.Engine.Telemetry;
using DistAttention.Kernels;

namespace DistAttention.Engine.Execution;

/// <summary>
/// Runs a query tile: plans it, asks each owner once, verifies what comes back, asks again for what is missing, and
/// merges along the canonical tree. The caller gets the exact partial or a typed error, never a part.
/// </summary>
public sealed class QueryExecutor
{
    /// <summary>Floats that are merged and finished where they are: handing so few to another thread costs more.</summary>
    private const int FewFloats = 16 << 10;

    private readonly PlanCache _plans = new();
    private readonly IShardGateway _gateway;
    private readonly Func<OwnerId, TileRequest, CancellationToken, ValueTask<TileAnswer>> _compute;
    private readonly Func<OwnerId, TileRequest, Hedge?> _hedge;
    private readonly ComputePool _pool;
    private readonly TimeProvider _time;
    private readonly AttentionMeter _meter;

    /// <summary>Makes an executor.</summary>
    /// <param name="gateway">Reaches the owners.</param>
    /// <param name="pool">Where merges run.</param>
    /// <param name="time">The clock of pauses between attempts.</param>
    /// <param name="meter">Counts what is done; null for nobody.</param>
    public QueryExecutor(IShardGateway gateway, ComputePool pool, TimeProvider time, AttentionMeter? meter = null)
    {
        _meter = meter ?? AttentionMeter.Silent;
        _gateway = gateway;
        _compute = gateway.ComputeAsync;
        _hedge = gateway.HedgeOf;
        _pool = pool;
        _time = time;
    }

    /// <summary>Runs the first pass of a tile.</summary>
    /// <param name="query">The tile.</param>
    /// <param name="ledger">Asked again when a shard is not where the snapshot says.</param>
    /// <param name="cancellationToken">Ends the call, its deadline included.</param>
    /// <returns>The outcome; the caller disposes it.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<TileOutcome> ExecuteAsync(TileQuery query, ISequenceLedger ledger, CancellationToken cancellationToken)
    {
        StepClock clock = new(_time);
        TilePlan plan = _plans.Get(query.Snapshot, query.Options.Mask, query.Mask, query.Queries, query.RowsPerPlan);
        AttentionActuals actuals = new() { Plan = clock.Step(0).Time };
        SequenceSpec spec = query.Snapshot.Spec;
        ScoreFunction score = query.Options.Score;
        query = await PrepareJob.PrepareAsync(_pool, query, cancellationToken).ConfigureAwait(false);
        if (plan.Work.Count == 0)
        {
            PooledPartial empty = new(query.Rows, spec.NumHeadsQ, spec.HeadDimV);
            await AddSinksAsync(empty, score, query, cancellationToken).ConfigureAwait(false);
            return new TileOutcome(empty, 0, plan.BlocksSkipped, 0, 0) { Prepared = query, Actuals = actuals };
        }

        FanOut<TileAnswer> fanOut = new(query, ledger, _time, _compute, _hedge, _meter);
        TileAnswer[] answers = await fanOut.RunAsync(RemoteFirst(plan.Work), cancellationToken).ConfigureAwait(false);
        IReadOnlyList<NodePartial> partials = answers.Length == 1
            ? answers[0].Partials
            : [.. answers.SelectMany(static a => a.Partials).OrderBy(static p => p.Node.FirstRun)];
        actuals = actuals with { Ask = clock.Step(TravelledBytes(query, plan)) };
        PooledPartial root = partials.Count == 1 ? partials[0].Partial : await MergeAsync([.. partials], query, cancellationToken).ConfigureAwait(false);
        await AddSinksAsync(root, score, query, cancellationToken).ConfigureAwait(false);
        long merged = partials.Count == 1 ? 0 : (long)partials.Count * PooledPartial.LengthOf(query.Rows, spec.NumHeadsQ, spec.HeadDimV) * sizeof(float);
        return new TileOutcome(root, plan.BlocksVisited, plan.BlocksSkipped, partials.Count, fanOut.Retries)
        {
            Prepared = query,
            Actuals = actuals with { Merge = clock.Step(merged) },
        };
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
        TilePlan plan = _plans.Get(query.Snapshot, query.Options.Mask, query.Mask, query.Queries);
        MassBuffer total = new(query.Rows, query.Snapshot.Spec.NumHeadsQ, query.Snapshot.State.Length, options.Bins, options.TopK);
        if (plan.Work.Count == 0)
        {
            return total;
        }

        FanOut<MassAnswer> fanOut = new(outcome.Prepared, ledger, _time, AskAsync, _gateway.HedgeOf, _meter);
        foreach (MassAnswer answer in await fanOut.RunAsync(RemoteFirst(plan.Work), cancellationToken).ConfigureAwait(false))
        {
            total.Span.Add(answer.Mass.Span);
        }

        return total;

        ValueTask<MassAnswer> AskAsync(OwnerId owner, TileRequest request, CancellationToken token)
        {
            MassRequest mass = new() { Tile = request, MaxLog2 = outcome.Root.MaxLog2, Sum = outcome.Root.Sum, TopK = options.TopK, Bins = options.Bins };
            return _gateway.MassAsync(owner, mass, token);
        }
    }

    /// <summary>Turns the outcome of a tile into o and lse.</summary>
    /// <param name="query">The tile.</param>
    /// <param name="outcome">The outcome of its first pass.</param>
    /// <param name="o">Receives o [Rows, NumHeadsQ, HeadDimV].</param>
    /// <param name="lse">Receives lse [Rows, NumHeadsQ]; empty if it is not wanted.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="NumericOverflowException">An output exceeds float32; names the row of the call.</exception>
    public ValueTask FinishAsync(TileQuery query, TileOutcome outcome, Memory<float> o, Memory<float> lse, CancellationToken cancellationToken)
    {
        if (o.Length <= FewFloats)
        {
            cancellationToken.ThrowIfCancellationRequested();
            FinishJob.Finish(outcome.Root.Span, o.Span, lse.Span, query.FirstRow);
            return ValueTask.CompletedTask;
        }

        return _pool.RunAsync(FinishJob.Make(outcome.Root, query, o, lse, cancellationToken));
    }

    /// <summary>Parts of other processes first: their questions are on the way before this one's work takes a processor.</summary>
    private IReadOnlyList<OwnerWork> RemoteFirst(IReadOnlyList<OwnerWork> parts) =>
        parts.Count < 2 ? parts : [.. parts.OrderBy(part => !_gateway.IsRemote(part.Owner))];

    /// <summary>Bytes of queries, mask data and partials that are not of this process.</summary>
    private long TravelledBytes(TileQuery query, TilePlan plan)
    {
        SequenceSpec spec = query.Snapshot.Spec;
        long bytes = 0;
        for (int i = 0; i < plan.Work.Count; i++)
        {
            OwnerWork work = plan.Work[i];
            if (_gateway.IsRemote(work.Owner))
            {
                bytes += ((long)query.Q.Length + ((long)work.Nodes.Count * PooledPartial.LengthOf(query.Rows, spec.NumHeadsQ, spec.HeadDimV))) * sizeof(float);
                bytes += query.Options.Mask.HasData ? query.Options.Mask.DataBytes(query.Queries, work.PositionsOf(spec.ShardLength)) : 0;
            }
        }

        return bytes;
    }

    private async ValueTask AddSinksAsync(PooledPartial root, ScoreFunction score, TileQuery query, CancellationToken cancellationToken)
    {
        if (score.SinkLogits is null)
        {
            return;
        }

        try
        {
            await _pool.RunAsync(new SinkJob(root, CompiledScore.SinksLog2(score, query.Snapshot.Spec.NumHeadsQ), cancellationToken) { Caller = query.Caller }).ConfigureAwait(false);
        }
        catch
        {
            root.Dispose();
            throw;
        }
    }

    private async Task<PooledPartial> MergeAsync(NodePartial[] partials, TileQuery query, CancellationToken cancellationToken)
    {
        SequenceSpec spec = query.Snapshot.Spec;
        TreeNode tree = TreeNode.Root(query.Snapshot.State.Length);
        if (partials.Length * (long)PooledPartial.LengthOf(query.Rows, spec.NumHeadsQ, spec.HeadDimV) <= FewFloats)
        {
            return NodeMerger.Merge(partials, tree)!;
        }

        MergeJob job = new(partials, tree, cancellationToken) { Caller = query.Caller };
        try
        {
            await _pool.RunAsync(job).ConfigureAwait(false);
            return job.Root!;
        }
        catch
        {
            foreach (NodePartial partial in partials)
            {
                partial.Partial.Dispose();
            }

            throw;
        }
    }
}
