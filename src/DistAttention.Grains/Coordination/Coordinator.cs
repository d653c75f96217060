using System.Buffers;
using System.Collections.Immutable;
using System.Diagnostics;
using DistAttention.Calls;
using DistAttention.Contracts;
using DistAttention.Contracts.Access;
using DistAttention.Engine.Admission;
using DistAttention.Engine.Compute;
using DistAttention.Engine.Execution;
using DistAttention.Engine.Ledger;
using DistAttention.Engine.Planning;
using DistAttention.Engine.Shards;
using DistAttention.Engine.Telemetry;
using DistAttention.Kernels;
using Microsoft.Extensions.Options;
using Orleans.Runtime;

namespace DistAttention.Grains;

/// <summary>What the coordinator grains of this silo do: resolve the snapshot, run the tile, finish it. One per silo.</summary>
internal sealed class Coordinator
{
    private readonly ClusterLinks _links;
    private readonly ComputePool _pool;
    private readonly SnapshotCache _snapshots;
    private readonly Parcels _parcels;
    private readonly CallTenant _tenant;
    private readonly TimeProvider _time;
    private readonly int _writesInFlight;
    private readonly CallGate _gate;
    private readonly CallOwner _caller;

    public Coordinator(ClusterLinks links, ComputePool pool, SnapshotCache snapshots, Parcels parcels, CallTenant tenant, SiloGates gates, CallOwner caller, TimeProvider time, IOptions<DistAttentionOptions> options)
    {
        _links = links;
        _pool = pool;
        _snapshots = snapshots;
        _parcels = parcels;
        _tenant = tenant;
        _gate = gates.Calls;
        _caller = caller;
        _time = time;
        _writesInFlight = options.Value.WritesInFlight;
    }

    public Task<AttendReply> AttendAsync(AttendCall call, CancellationToken cancellationToken) => RunAsync(
        call,
        async (executor, ledger, query, summary, token) =>
        {
            using TileOutcome outcome = await executor.ExecuteAsync(query, ledger, token).ConfigureAwait(false);
            SequenceSpec spec = query.Snapshot.Spec;
            int cells = query.Rows * spec.NumHeadsQ;
            float[] answer = ArrayPool<float>.Shared.Rent(cells * (spec.HeadDimV + 1));
            Memory<float> o = answer.AsMemory(0, cells * spec.HeadDimV);
            Memory<float> lse = answer.AsMemory(cells * spec.HeadDimV, cells);
            StepClock clock = new(_time);
            await executor.FinishAsync(query, outcome, o, lse, token).ConfigureAwait(false);
            TimeSpan finish = clock.Step(0).Time;
            int unsent = 2;
            return new AttendReply
            {
                Output = TensorPayload.SentOnce(o, Sent, query.Rows, spec.NumHeadsQ, spec.HeadDimV),
                Lse = TensorPayload.SentOnce(lse, Sent, query.Rows, spec.NumHeadsQ),
                Summary = Of(summary, outcome, finish),
            };

            void Sent()
            {
                if (Interlocked.Decrement(ref unsent) == 0)
                {
                    ArrayPool<float>.Shared.Return(answer);
                }
            }
        },
        static reply => reply.Summary,
        cancellationToken);

    public Task<MassReply> MassAsync(AttendCall call, int topK, int bins, CancellationToken cancellationToken)
    {
        AttentionMassOptions options = new() { TopK = topK, Bins = bins };
        options.Validate();
        return RunAsync(
            call,
            async (executor, ledger, query, summary, token) =>
            {
                using TileOutcome outcome = await executor.ExecuteAsync(query, ledger, token).ConfigureAwait(false);
                MassBuffer mass = await executor.ExecuteMassAsync(query, outcome, options, ledger, token).ConfigureAwait(false);
                MassReply reply = ToReply(mass.Span, Of(summary, outcome));
                return _parcels.Fit("The mass of one query row", reply.ByteLength, reply, reply.In);
            },
            static reply => reply.Summary,
            cancellationToken);
    }

    public Task<AppendResult> AppendAsync(AppendCall call, CancellationToken cancellationToken)
    {
        SequenceSpec spec = call.Sequence.Spec.Value;
        CallerId caller = _caller.Current;
        return SiloGates.ThroughAsync(_gate, CallCosts.OfAppend(caller, spec, call.Count), () => CountedAsync(
            CallTrace.Append,
            call.Count,
            () => AppendAsync(call, spec, caller, cancellationToken),
            (began, _) => _links.Meter.Appended(began, call.Count)));
    }

    private async Task<AppendResult> AppendAsync(AppendCall call, SequenceSpec spec, CallerId caller, CancellationToken cancellationToken)
    {
        RemoteLedger ledger = LedgerOf(call.Sequence);
        Appender appender = new(new SequenceGateway(_links, ledger), _writesInFlight, _time, _links.Meter);
        return await appender.AppendAsync(
            ledger,
            spec,
            call.K.Floats("k", call.Count, spec.NumHeadsKv, spec.HeadDim),
            call.V.Floats("v", call.Count, spec.NumHeadsKv, spec.AppendedHeadDimV),
            call.Count,
            new AppendOptions { OperationId = call.Operation, ExpectedPosition = call.ExpectedPosition },
            caller,
            cancellationToken).ConfigureAwait(false);
    }

    public async Task<AttendReply> AppendAndAttendAsync(AppendCall append, AttendCall attend, CancellationToken cancellationToken)
    {
        AppendResult appended = await AppendAsync(append, cancellationToken).ConfigureAwait(false);
        long length = attend.Terms.Length ?? appended.FirstPosition + appended.Count;
        return await AttendAsync(attend with { Terms = attend.Terms with { Length = length } }, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Plans over a sequence that is not there, placed as its ledger would place it if it were on this silo.</summary>
    public async Task<PlanReply> PlanAsync(SequenceSpec spec, long length, long rows, AttendOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        spec.Validate();
        await _links.Silos.RefreshAsync().ConfigureAwait(false);
        GroupPlacement placement = new(_links.Silos);
        int count = LedgerSnapshot.ShardCount(length, spec.ShardLength);
        ImmutableArray<ShardEntry> shards = [];
        while (shards.Length < count)
        {
            shards = shards.Add(new ShardEntry(new ShardId(Guid.Empty, shards.Length, 0), placement.Choose(spec, shards, length)));
        }

        LedgerSnapshot snapshot = new(new SequenceId("plan"), spec, new SequenceSnapshot(0, length), shards.AsMemory());
        Packed<AttentionPlan> plan = Packed.Of(Planner.Plan(snapshot, rows, options));
        return _parcels.Fit("The plan", plan.Bytes.Length, new PlanReply(plan), static parcel => new PlanReply(null, parcel));
    }

    public async Task<BatchReply> AttendBatchAsync(BatchCall batch, CancellationToken cancellationToken)
    {
        AttendReply?[] replies = new AttendReply?[batch.Calls.Length];
        Exception?[] errors = new Exception?[batch.Calls.Length];
        await Task.WhenAll(batch.Calls.Select(async (call, i) =>
        {
            try
            {
                replies[i] = await AttendAsync(call, cancellationToken).ConfigureAwait(false);
            }
            catch (DistAttentionException e)
            {
                errors[i] = e;
            }
        })).ConfigureAwait(false);
        return new BatchReply(replies, errors);
    }

    private static TileSummary Of(TileSummary summary, TileOutcome outcome, TimeSpan finish = default) => summary with
    {
        BlocksComputed = outcome.BlocksVisited,
        BlocksSkipped = outcome.BlocksSkipped,
        Partials = outcome.Partials,
        Retries = outcome.Retries,
        Actuals = outcome.Actuals with { Finish = finish },
    };

    private static MassReply ToReply(MassSpan mass, TileSummary summary)
    {
        float[] bins = new float[mass.Bins.Length];
        mass.ReadBins(bins);
        return new MassReply
        {
            TopPositions = new TensorPayload(mass.TopPositions.ToArray(), mass.Rows, mass.NumHeadsQ, mass.TopK),
            TopWeights = new TensorPayload(mass.TopWeights.ToArray(), mass.Rows, mass.NumHeadsQ, mass.TopK),
            BinMass = new TensorPayload(bins, mass.Rows, mass.NumHeadsQ, mass.BinCount),
            Summary = summary,
        };
    }

    private RemoteLedger LedgerOf(SequenceHandle sequence)
    {
        _tenant.RequireOwn(sequence.Name);
        return new RemoteLedger(_links.Grains.GetGrain<ISequenceGrain>(sequence.Name), sequence, _links.Times.Time, _links.Stored);
    }

    /// <summary>Makes a call of a client, seen by whoever measures and traces.</summary>
    private async Task<T> CountedAsync<T>(string name, long rows, Func<Task<T>> call, Action<long, T> done)
    {
        long began = _links.Meter.Begin();
        using Activity? span = Traces.StartHere(name, CallTracing.Parent)?.SetTag(CallTrace.RowsTag, rows);
        try
        {
            T answer = await call().ConfigureAwait(false);
            done(began, answer);
            return answer;
        }
        catch (Exception e)
        {
            _links.Meter.Failed(began, name == CallTrace.Append, e);
            Traces.Fail(span, e);
            throw;
        }
    }

    private Task<T> RunAsync<T>(
        AttendCall call,
        Func<QueryExecutor, RemoteLedger, TileQuery, TileSummary, CancellationToken, Task<T>> run,
        Func<T, TileSummary> summaryOf,
        CancellationToken cancellationToken)
    {
        SequenceSpec spec = call.Sequence.Spec.Value;
        AttendOptions options = call.Terms.ToOptions();
        CompiledMask mask = CompiledMask.Compile(options.Mask);
        CallerId caller = _caller.Current;
        long length = options.Length ?? _snapshots.LengthSeen(call.Sequence.Uid);
        long first = Planner.FirstQueryPosition(options, call.TotalRows, length) + call.FirstRow;
        TimeSpan timeLeft = call.TotalRows > call.Rows ? Timeout.InfiniteTimeSpan : call.TimeLeft; // tiles do not wait for tiles of their own call: it was let in by its client
        CallCost cost = CallCosts.OfAttend(caller, spec, call.Rows, first, mask, length, timeLeft);
        return SiloGates.ThroughAsync(_gate, cost, () => CountedAsync(
            CallTrace.Attend,
            call.Rows,
            () => RunInsideAsync(call, options, mask, caller, run, cancellationToken),
            (began, answer) => _links.Meter.Attended(began, SummaryOf(summaryOf(answer), call.Rows))));
    }

    private static AttentionSummary SummaryOf(in TileSummary tile, int rows) =>
        new(tile.Snapshot, tile.FirstQueryPosition, rows, tile.BlocksComputed, tile.BlocksSkipped, tile.Partials, tile.Retries);

    private async Task<T> RunInsideAsync<T>(
        AttendCall call,
        AttendOptions options,
        CompiledMask mask,
        CallerId caller,
        Func<QueryExecutor, RemoteLedger, TileQuery, TileSummary, CancellationToken, Task<T>> run,
        CancellationToken cancellationToken)
    {
        RemoteLedger ledger = LedgerOf(call.Sequence);
        using CancellationTokenSource timer = new(call.TimeLeft > TimeSpan.Zero ? call.TimeLeft : TimeSpan.FromTicks(1), _time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        try
        {
            LedgerSnapshot snapshot = await _snapshots.GetAsync(ledger, call.Pinned, call.Terms.Length, either.Token).ConfigureAwait(false);
            SequenceSpec spec = snapshot.Spec; // the ledger's, whatever the caller takes it for
            long first = Planner.FirstQueryPosition(options, call.TotalRows, snapshot.State.Length);
            TileQuery query = new()
            {
                Snapshot = snapshot,
                Caller = caller,
                Q = call.Q.Floats("q", call.Rows, spec.NumHeadsQ, spec.HeadDim),
                FirstRow = call.FirstRow,
                Rows = call.Rows,
                FirstQueryPosition = first + call.FirstRow,
                Options = options,
                Mask = mask,
            };
            if (RequestContext.Get(CallHeaders.Probe) is null)
            {
                _links.Queries.Take(ledger.Handle.Uid, query);
            }

            QueryExecutor executor = new(new SequenceGateway(_links, ledger), _pool, _time, _links.Meter);
            T answer = await run(executor, ledger, query, new TileSummary(snapshot.State, first, 0, 0, 0, 0), either.Token).ConfigureAwait(false);
            call.Q.Dispose();
            return answer;
        }
        catch (SnapshotLostException lost)
        {
            _snapshots.Forget(ledger.Handle.Uid, lost.Snapshot.Epoch);
            throw;
        }
        catch (OperationCanceledException e) when (timer.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new AttentionTimeoutException(call.TimeLeft, e);
        }
    }
}
