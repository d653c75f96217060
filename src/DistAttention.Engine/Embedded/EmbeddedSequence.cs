using System.Diagnostics;
using System.Runtime.CompilerServices;
using DistAttention.Calls;
using DistAttention.Engine.Admission;
using DistAttention.Engine.Compute;
using DistAttention.Engine.Execution;
using DistAttention.Engine.Ledger;
using DistAttention.Engine.Planning;
using DistAttention.Engine.Shards;
using DistAttention.Engine.Telemetry;
using DistAttention.Kernels;

namespace DistAttention.Engine;

/// <summary>A sequence of the embedded client.</summary>
internal sealed class EmbeddedSequence : IAttentionSequence
{
    private readonly EmbeddedAttention _client;
    private readonly CallerId _caller;

    public EmbeddedSequence(EmbeddedAttention client, SequenceLedger ledger, CallerId caller)
    {
        _client = client;
        _caller = caller;
        Ledger = ledger;
        Id = ledger.Record.Id;
        Spec = ledger.Record.Spec;
    }

    public SequenceLedger Ledger { get; }

    public SequenceId Id { get; }

    public SequenceSpec Spec { get; }

    /// <summary>The same sequence on behalf of somebody.</summary>
    public EmbeddedSequence For(CallerId caller) => caller == _caller ? this : new EmbeddedSequence(_client, Ledger, caller);

    public async Task<AppendResult> AppendAsync(ReadOnlyMemory<float> k, ReadOnlyMemory<float> v, AppendOptions? options = null, CancellationToken cancellationToken = default)
    {
        _client.ThrowIfDisposed();
        int count = Shapes.RequireAppend(Spec, k, v);
        CallCost cost = CallCosts.OfAppend(_caller, Spec, count);
        bool isDone = false;
        long began = _client.Meter.Begin();
        _client.Gate.Enter(cost);
        using Activity? span = Traces.StartAppend(count);
        try
        {
            await ValidateJob.RunAsync(_client.Pool, Spec, k, v, count, _caller, cancellationToken).ConfigureAwait(false);
            AppendResult appended = await _client.Appender.AppendAsync(Ledger, Spec, k, v, count, options ?? new AppendOptions(), _caller, cancellationToken).ConfigureAwait(false);
            isDone = true;
            _client.Meter.Appended(began, count);
            return appended;
        }
        catch (Exception e)
        {
            _client.Meter.Failed(began, isAppend: true, e);
            Traces.Fail(span, e);
            throw;
        }
        finally
        {
            _client.Gate.Leave(cost, isDone);
        }
    }

    public async Task<AttentionResult> AttendAsync(ReadOnlyMemory<float> q, AttendOptions? options = null, CancellationToken cancellationToken = default)
    {
        int rows = Shapes.RequireRows("q", q.Length, Spec.NumHeadsQ, Spec.HeadDim);
        float[] output = GC.AllocateUninitializedArray<float>(checked(rows * Spec.NumHeadsQ * Spec.HeadDimV));
        float[] lse = GC.AllocateUninitializedArray<float>(rows * Spec.NumHeadsQ);
        AttentionSummary summary = await AttendAsync(q, output, lse, options, cancellationToken).ConfigureAwait(false);
        return new AttentionResult(output, lse, summary);
    }

    public Task<AttentionSummary> AttendAsync(ReadOnlyMemory<float> q, Memory<float> destination, Memory<float> lse, AttendOptions? options = null, CancellationToken cancellationToken = default) =>
        RunAsync(q, options ?? new AttendOptions(), new AnswerSink(_client.Executor, Spec, destination, lse), cancellationToken).AsTask();

    public async Task<AttentionResult> AppendAndAttendAsync(ReadOnlyMemory<float> k, ReadOnlyMemory<float> v, ReadOnlyMemory<float> q, AttendOptions? attend = null, AppendOptions? append = null, CancellationToken cancellationToken = default)
    {
        attend ??= new AttendOptions();
        attend.ValidateFor(Spec);
        int rows = Shapes.RequireRows("q", q.Length, Spec.NumHeadsQ, Spec.HeadDim);
        await ValidateJob.RunAsync(_client.Pool, q, rows, Spec, _caller, cancellationToken).ConfigureAwait(false);
        AppendResult appended = await AppendAsync(k, v, append, cancellationToken).ConfigureAwait(false);
        long length = appended.FirstPosition + appended.Count;
        return await AttendAsync(q, attend with { Length = attend.Length ?? length }, cancellationToken).ConfigureAwait(false);
    }

    public async Task<SequenceSnapshot> TruncateAsync(long length, CancellationToken cancellationToken = default)
    {
        _client.ThrowIfDisposed();
        (SequenceSnapshot snapshot, IEnumerable<ShardEntry> dropped) = await Ledger.TruncateAsync(length, SeedAsync, cancellationToken).ConfigureAwait(false);
        await _client.Registry.ReleaseAsync(dropped.Select(static s => s.Id), Ledger.Record.Uid, CancellationToken.None).ConfigureAwait(false);
        return snapshot;
    }

    public async Task<IAttentionSequence> ForkAsync(SequenceId id, long? length = null, CancellationToken cancellationToken = default)
    {
        _client.ThrowIfDisposed();
        LedgerRecord fork = await Ledger.ForkAsync(id, Guid.CreateVersion7(), length, SeedAsync, RetainAsync, cancellationToken).ConfigureAwait(false);
        try
        {
            return (await _client.AddAsync(fork, cancellationToken).ConfigureAwait(false)).For(_caller);
        }
        catch (Exception e) when (e is not StorageException)
        {
            // After a storage failure the fork may be there: what it would hold is left to the sweep.
            await _client.Registry.ReleaseAsync(fork.Shards.Select(static s => s.Id), fork.Uid, CancellationToken.None).ConfigureAwait(false);
            throw;
        }
    }

    public async Task<SequenceInfo> GetInfoAsync(CancellationToken cancellationToken = default)
    {
        await Ledger.GetLatestAsync(cancellationToken).ConfigureAwait(false);
        return _client.InfoOf(Ledger.Record);
    }

    public async Task<AttentionPlan> ExplainAsync(int rows, AttendOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new AttendOptions();
        options.ValidateFor(Spec);
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        LedgerSnapshot snapshot = Cut(await Ledger.GetLatestAsync(cancellationToken).ConfigureAwait(false), options);
        return await Task.Run(() => Planner.Plan(snapshot, rows, options), cancellationToken).ConfigureAwait(false);
    }

    public async Task<AttentionMass> AttentionMassAsync(ReadOnlyMemory<float> q, AttentionMassOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        int rows = Shapes.RequireRows("q", q.Length, Spec.NumHeadsQ, Spec.HeadDim);
        MassResult result = new(rows * Spec.NumHeadsQ, options.TopK, options.Bins);
        MassSink sink = new(_client.Executor, Ledger, options, result);
        AttentionSummary summary = await RunAsync(q, options, sink, cancellationToken).ConfigureAwait(false);
        return result.ToMass(rows, Spec.NumHeadsQ, summary.Snapshot);
    }

    /// <summary>Lets a call in or refuses it. A refusal passes no state machine: it is made by the thousand when there are too many calls.</summary>
    private ValueTask<AttentionSummary> RunAsync(ReadOnlyMemory<float> q, AttendOptions options, TileSink sink, CancellationToken cancellationToken)
    {
        CallCost cost;
        CompiledMask mask;
        int rows;
        try
        {
            sink.Require(q);
            _client.ThrowIfDisposed();
            options.ValidateFor(Spec);
            rows = q.Length / (Spec.NumHeadsQ * Spec.HeadDim);
            mask = CompiledMask.Compile(options.Mask);
            long length = options.Length ?? Ledger.Record.Length;
            cost = CallCosts.OfAttend(_caller, Spec, rows, Planner.FirstQueryPosition(options, rows, length), mask, length, options.Timeout);
        }
        catch (Exception e)
        {
            return ValueTask.FromException<AttentionSummary>(e);
        }

        return _client.Gate.TryEnter(cost) is { } refusal
            ? ValueTask.FromException<AttentionSummary>(refusal)
            : RunInsideAsync(q, rows, options, mask, cost, sink, cancellationToken);
    }

    /// <summary>Pins a snapshot, runs every tile of q against it, and hands each merged partial to <paramref name="sink"/>.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<AttentionSummary> RunInsideAsync(ReadOnlyMemory<float> q, int rows, AttendOptions options, CompiledMask mask, CallCost cost, TileSink sink, CancellationToken cancellationToken)
    {
        bool isDone = false;
        long began = _client.Meter.Begin();
        using Activity? span = Traces.StartAttend(rows);
        try
        {
            using Deadline deadline = new(options.Timeout, _client.Options.TimeProvider, cancellationToken, _client.Cancellations);
            using SnapshotPin pin = await PinAsync(options, cancellationToken).ConfigureAwait(false);
            CallTotals totals = new(rows, options.Progress);
            long first = Planner.FirstQueryPosition(options, rows, pin.Snapshot.State.Length);
            try
            {
                await ValidateJob.RunAsync(_client.Pool, q, rows, Spec, _caller, deadline.Token).ConfigureAwait(false);
                TileQuery whole = new()
                {
                    Snapshot = pin.Snapshot,
                    Caller = _caller,
                    Q = q,
                    FirstRow = 0,
                    Rows = rows,
                    FirstQueryPosition = first,
                    Options = options,
                    Mask = mask,
                    RowsPerPlan = Planner.TileRows(Spec),
                    Output = sink.OutputOf(0, rows),
                };
                int tileRows = TileRows(whole);
                if (rows > tileRows)
                {
                    await RunTilesAsync(whole, tileRows, sink, totals, deadline.Token).ConfigureAwait(false);
                }
                else if (rows > 0)
                {
                    await RunTileAsync(whole, sink, totals, deadline.Token).ConfigureAwait(false);
                }
            }
            catch (OperationCanceledException e)
            {
                deadline.ThrowIfItWas(e);
                throw;
            }

            isDone = true;
            AttentionSummary summary = totals.Summary(pin.Snapshot.State, first);
            _client.Meter.Attended(began, summary);
            return summary;
        }
        catch (Exception e)
        {
            _client.Meter.Failed(began, isAppend: false, e);
            Traces.Fail(span, e);
            throw;
        }
        finally
        {
            _client.Gate.Leave(cost, isDone);
        }
    }

    /// <summary>
    /// Rows to run at once: all of them, since queries and answers do not travel, unless somebody wants to hear of the tiles, shards may have to
    /// take turns in memory, or memory is needed for each row.
    /// </summary>
    private int TileRows(TileQuery whole) => whole.Options switch
    {
        AttentionMassOptions mass => Planner.TileRows(Spec, mass),
        { Progress: null } options when !_client.Registry.Store.IsDurable && !QueryRows.NeedPreparing(Spec, options.Score) => whole.Rows,
        _ => Planner.TileRows(Spec),
    };

    private Task RunTilesAsync(TileQuery whole, int tileRows, TileSink sink, CallTotals totals, CancellationToken cancellationToken)
    {
        int row = Spec.NumHeadsQ * Spec.HeadDim;
        return TileRun.ForEachAsync(
            whole.Rows,
            tileRows,
            _client.Options.TilesInFlight,
            (firstRow, count, token) =>
            {
                TileQuery tile = whole with
                {
                    Q = whole.Q.Slice((int)firstRow * row, count * row),
                    FirstRow = firstRow,
                    Rows = count,
                    FirstQueryPosition = whole.FirstQueryPosition + firstRow,
                    Output = sink.OutputOf(firstRow, count),
                };
                return RunTileAsync(tile, sink, totals, token).AsTask();
            },
            cancellationToken);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask RunTileAsync(TileQuery tile, TileSink sink, CallTotals totals, CancellationToken cancellationToken)
    {
        using TileOutcome outcome = await _client.Executor.ExecuteAsync(tile, Ledger, cancellationToken).ConfigureAwait(false);
        StepClock clock = new(_client.Options.TimeProvider);
        await sink.TakeAsync(tile, outcome, cancellationToken).ConfigureAwait(false);
        AttentionActuals actuals = outcome.Actuals with { Finish = clock.Step(0).Time };
        totals.Add(tile.Rows, outcome.BlocksVisited, outcome.BlocksSkipped, outcome.Partials, outcome.Retries, actuals);
    }

    private async ValueTask<SnapshotPin> PinAsync(AttendOptions options, CancellationToken cancellationToken)
    {
        // A truncation between reading the snapshot and pinning it loses the race; the next snapshot is as good.
        while (true)
        {
            _client.ThrowIfDisposed();
            LedgerSnapshot snapshot = Cut(await Ledger.GetSnapshotAsync(cancellationToken).ConfigureAwait(false), options);
            if (SnapshotPin.TryTake(_client.Registry, snapshot) is { } pin)
            {
                return pin;
            }
        }
    }

    private static LedgerSnapshot Cut(LedgerSnapshot latest, AttendOptions options)
    {
        if (options.Length is not { } length)
        {
            return latest;
        }

        return length <= latest.State.Length
            ? latest.CutTo(length)
            : throw new InvalidSpecException(nameof(AttendOptions.Length), $"{length} is more than the {latest.State.Length} committed positions");
    }

    private async ValueTask SeedAsync(ShardEntry cut, ShardEntry source, int count)
    {
        if (!await _client.Gateway.SeedAsync(cut.Owner, cut.Id, source.Id, count, CancellationToken.None).ConfigureAwait(false))
        {
            long start = (long)source.Id.Index * Spec.ShardLength;
            throw new ShardLostException(Id, new PositionRange(start, start + count), $"their owner {source.Owner} does not hold them");
        }
    }

    private async ValueTask RetainAsync(IReadOnlyList<ShardEntry> shards, Guid holder)
    {
        foreach (IGrouping<OwnerId, ShardEntry> owned in shards.GroupBy(static s => s.Owner))
        {
            await _client.Gateway.RetainAsync(owned.Key, [.. owned.Select(static s => s.Id)], holder, CancellationToken.None).ConfigureAwait(false);
        }
    }
}
