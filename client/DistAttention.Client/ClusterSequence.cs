using System.Diagnostics;
using DistAttention.Calls;
using DistAttention.Contracts;

namespace DistAttention.Client;

/// <summary>A sequence of a cluster.</summary>
internal sealed class ClusterSequence : IAttentionSequence
{
    /// <summary>Appends of at most this many bytes go through a coordinator in one call.</summary>
    private const int SmallAppendBytes = 1 << 20;

    /// <summary>How often an append through a coordinator is tried.</summary>
    private readonly DistAttentionClient _client;
    private readonly ISequenceGrain _ledger;
    private long _lengthSeen;

    public ClusterSequence(DistAttentionClient client, SequenceHandle handle)
    {
        _client = client;
        Handle = handle;
        Id = new SequenceId(client.Tenant.NameOf(handle.Name));
        Spec = handle.Spec.Value;
        _ledger = client.Grains.GetGrain<ISequenceGrain>(handle.Name);
    }

    public SequenceHandle Handle { get; }

    public SequenceId Id { get; }

    public SequenceSpec Spec { get; }

    public async Task<AppendResult> AppendAsync(ReadOnlyMemory<float> k, ReadOnlyMemory<float> v, AppendOptions? options = null, CancellationToken cancellationToken = default)
    {
        _client.ThrowIfDisposed();
        options ??= new AppendOptions();
        int count = await CheckRowsAsync(k, v, cancellationToken).ConfigureAwait(false);
        using Activity? span = CallTrace.Source.StartActivity(CallTrace.Append, ActivityKind.Client)?.SetTag(CallTrace.RowsTag, count);
        if (!IsSmall(count))
        {
            return await new BulkAppend(_client, Handle, Spec, k, v, count).RunAsync(options, cancellationToken).ConfigureAwait(false);
        }

        AppendCall rows = ToCall(k, v, count, options);
        AppendResult result = await _client.Coordinators.LetInAsync(
            work: 0,
            isShort: true,
            _client.Options.RetryTime,
            left => _client.Coordinators.RunAsync(
                (coordinator, callId, token) => coordinator.AppendAsync(rows with { CallId = callId }, token),
                work: 0,
                left,
                static () => { },
                cancellationToken),
            cancellationToken).ConfigureAwait(false);
        options.Progress?.Report(new AttentionProgress(count, count));
        return result;
    }

    public async Task<AttentionResult> AttendAsync(ReadOnlyMemory<float> q, AttendOptions? options = null, CancellationToken cancellationToken = default)
    {
        int rows = Shapes.RequireRows("q", q.Length, Spec.NumHeadsQ, Spec.HeadDim);
        float[] output = GC.AllocateUninitializedArray<float>(checked(rows * Spec.NumHeadsQ * Spec.HeadDimV));
        float[] lse = GC.AllocateUninitializedArray<float>(rows * Spec.NumHeadsQ);
        AttentionSummary summary = await AttendAsync(q, output, lse, options, cancellationToken).ConfigureAwait(false);
        return new AttentionResult(output, lse, summary);
    }

    public Task<AttentionSummary> AttendAsync(ReadOnlyMemory<float> q, Memory<float> destination, Memory<float> lse, AttendOptions? options = null, CancellationToken cancellationToken = default)
    {
        Shapes.RequireAnswer(Spec, q, destination, lse);
        return RunAsync(
            q,
            options ?? new AttendOptions(),
            CallLimits.TileRows(Spec),
            static (coordinator, call, token) => coordinator.AttendAsync(call, token),
            (call, reply) => Store(reply, (int)call.FirstRow, call.Rows, destination, lse),
            cancellationToken);
    }

    public async Task<AttentionResult> AppendAndAttendAsync(ReadOnlyMemory<float> k, ReadOnlyMemory<float> v, ReadOnlyMemory<float> q, AttendOptions? attend = null, AppendOptions? append = null, CancellationToken cancellationToken = default)
    {
        _client.ThrowIfDisposed();
        attend ??= new AttendOptions();
        attend.ValidateFor(Spec);
        append ??= new AppendOptions();
        int rows = Shapes.RequireRows("q", q.Length, Spec.NumHeadsQ, Spec.HeadDim);
        await InputChecks.CheckAsync(Spec, q, rows, cancellationToken).ConfigureAwait(false);
        int count = await CheckRowsAsync(k, v, cancellationToken).ConfigureAwait(false);
        if (rows == 0 || rows > CallLimits.TileRows(Spec) || !IsSmall(count) || attend.Mask.HasData)
        {
            AppendResult appended = await AppendAsync(k, v, append, cancellationToken).ConfigureAwait(false);
            return await AttendAsync(q, attend with { Length = attend.Length ?? appended.FirstPosition + appended.Count }, cancellationToken).ConfigureAwait(false);
        }

        AppendCall appendCall = ToCall(k, v, count, append);
        float[] output = GC.AllocateUninitializedArray<float>(rows * Spec.NumHeadsQ * Spec.HeadDimV);
        float[] lse = GC.AllocateUninitializedArray<float>(rows * Spec.NumHeadsQ);
        AttentionSummary summary = await RunTilesAsync(
            q,
            rows,
            attend,
            rows,
            pin: false,
            (coordinator, call, token) => coordinator.AppendAndAttendAsync(appendCall with { CallId = call.CallId }, call, token),
            (_, reply) => Store(reply, 0, rows, output, lse),
            cancellationToken).ConfigureAwait(false);
        append.Progress?.Report(new AttentionProgress(count, count));
        return new AttentionResult(output, lse, summary);
    }

    public Task<SequenceSnapshot> TruncateAsync(long length, CancellationToken cancellationToken = default)
    {
        _client.ThrowIfDisposed();
        OperationId operation = OperationId.New();
        return RepeatedAsync(() => _ledger.TruncateAsync(Handle.Uid, operation, length, cancellationToken), cancellationToken);
    }

    public async Task<IAttentionSequence> ForkAsync(SequenceId id, long? length = null, CancellationToken cancellationToken = default)
    {
        _client.ThrowIfDisposed();
        Guid uid = Guid.CreateVersion7();
        string name = _client.KeyOf(id);
        SequenceHandle fork = await RepeatedAsync(() => _ledger.ForkAsync(Handle.Uid, uid, name, length, cancellationToken), cancellationToken).ConfigureAwait(false);
        return new ClusterSequence(_client, fork);
    }

    public async Task<SequenceInfo> GetInfoAsync(CancellationToken cancellationToken = default)
    {
        _client.ThrowIfDisposed();
        return _client.InfoOf(await RepeatedAsync(() => _ledger.GetInfoAsync(Handle.Uid, cancellationToken), cancellationToken).ConfigureAwait(false));
    }

    public async Task<AttentionPlan> ExplainAsync(int rows, AttendOptions? options = null, CancellationToken cancellationToken = default)
    {
        _client.ThrowIfDisposed();
        options ??= new AttendOptions();
        options.ValidateFor(Spec);
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        if (options.Mask.HasData)
        {
            return await ExplainInPartsAsync(rows, options, cancellationToken).ConfigureAwait(false);
        }

        PlanReply reply = await RepeatedAsync(() => _ledger.ExplainAsync(Handle.Uid, rows, AttendTerms.Of(options), cancellationToken), cancellationToken).ConfigureAwait(false);
        return (await Parcels.WholeAsync(_client.Serializer, _ledger, reply, cancellationToken).ConfigureAwait(false)).Plan!.Value.Value;
    }

    public async Task<AttentionMass> AttentionMassAsync(ReadOnlyMemory<float> q, AttentionMassOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        int rows = Shapes.RequireRows("q", q.Length, Spec.NumHeadsQ, Spec.HeadDim);
        long rowBytes = Spec.NumHeadsQ * ((options.Bins * (long)sizeof(float)) + (options.TopK * (long)(sizeof(long) + sizeof(float))));
        Parcels.RequireFits("The mass of one query row", rowBytes);
        MassTensors mass = new(rows * Spec.NumHeadsQ, options.TopK, options.Bins);
        AttentionSummary summary = await RunAsync(
            q,
            options,
            CallLimits.RowsThatFit(CallLimits.MessageBytes, rowBytes, CallLimits.TileRows(Spec)),
            async (coordinator, call, token) =>
            {
                MassReply reply = await coordinator.MassAsync(call, options.TopK, options.Bins, token).ConfigureAwait(false);
                return await Parcels.WholeAsync(_client.Serializer, coordinator, reply, token).ConfigureAwait(false);
            },
            (call, reply) =>
            {
                mass.Store(reply, (int)call.FirstRow, call.Rows, Spec.NumHeadsQ);
                return reply.Summary;
            },
            cancellationToken).ConfigureAwait(false);
        return mass.ToMass(rows, Spec.NumHeadsQ, summary.Snapshot);
    }

    /// <summary>A tile of this sequence.</summary>
    internal AttendCall TileOf(ReadOnlyMemory<float> q, long totalRows, long firstRow, int rows, AttendTerms terms, SequenceSnapshot? pinned, TimeSpan timeLeft) => new()
    {
        CallId = Guid.Empty,
        Sequence = Handle,
        Terms = terms,
        Pinned = pinned,
        TotalRows = totalRows,
        FirstRow = firstRow,
        Rows = rows,
        Q = new TensorPayload(q.Slice((int)firstRow * Spec.NumHeadsQ * Spec.HeadDim, rows * Spec.NumHeadsQ * Spec.HeadDim), rows, Spec.NumHeadsQ, Spec.HeadDim),
        TimeLeft = timeLeft,
    };

    /// <summary>About the multiplications of a tile over the sequence as it was seen last, for predicting its time.</summary>
    internal double WorkOf(int rows) => (double)Math.Max(rows, CallLimits.RowsForFree) * Spec.NumHeadsQ * (Spec.HeadDim + Spec.HeadDimV) * Volatile.Read(ref _lengthSeen);

    /// <summary>Copies a tile's answer to where its rows belong.</summary>
    internal TileSummary Store(AttendReply reply, int firstRow, int rows, Memory<float> destination, Memory<float> lse)
    {
        reply.Output.Floats("o", rows, Spec.NumHeadsQ, Spec.HeadDimV).CopyTo(destination[(firstRow * Spec.NumHeadsQ * Spec.HeadDimV)..]);
        reply.Output.Dispose();
        if (!lse.IsEmpty)
        {
            reply.Lse.Floats("lse", rows, Spec.NumHeadsQ).CopyTo(lse[(firstRow * Spec.NumHeadsQ)..]);
        }

        reply.Lse.Dispose();
        return reply.Summary;
    }

    private async Task<AttentionSummary> RunAsync<TReply>(
        ReadOnlyMemory<float> q,
        AttendOptions options,
        int tileRows,
        Func<IAttentionCoordinatorGrain, AttendCall, CancellationToken, Task<TReply>> send,
        Func<AttendCall, TReply, TileSummary> store,
        CancellationToken cancellationToken)
    {
        _client.ThrowIfDisposed();
        options.ValidateFor(Spec);
        int rows = q.Length / (Spec.NumHeadsQ * Spec.HeadDim);
        await InputChecks.CheckAsync(Spec, q, rows, cancellationToken).ConfigureAwait(false);
        bool pin = rows == 0 || rows > tileRows || options.Mask.HasData;
        return await RunTilesAsync(q, rows, options, tileRows, pin, send, store, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Runs every tile of q against one snapshot; each answer goes where its rows belong as it comes.</summary>
    private Task<AttentionSummary> RunTilesAsync<TReply>(
        ReadOnlyMemory<float> q,
        int rows,
        AttendOptions options,
        int tileRows,
        bool pin,
        Func<IAttentionCoordinatorGrain, AttendCall, CancellationToken, Task<TReply>> send,
        Func<AttendCall, TReply, TileSummary> store,
        CancellationToken cancellationToken) => _client.Coordinators.LetInAsync(
            WorkOf(rows),
            rows <= CallLimits.RowsForFree,
            options.Timeout,
            left => RunTilesInsideAsync(q, rows, options with { Timeout = left }, tileRows, pin, send, store, cancellationToken),
            cancellationToken);

    private async Task<AttentionSummary> RunTilesInsideAsync<TReply>(
        ReadOnlyMemory<float> q,
        int rows,
        AttendOptions options,
        int tileRows,
        bool pin,
        Func<IAttentionCoordinatorGrain, AttendCall, CancellationToken, Task<TReply>> send,
        Func<AttendCall, TReply, TileSummary> store,
        CancellationToken cancellationToken)
    {
        TimeProvider time = _client.Options.TimeProvider;
        using Activity? span = CallTrace.Source.StartActivity(CallTrace.Attend, ActivityKind.Client)?.SetTag(CallTrace.RowsTag, rows);
        long started = time.GetTimestamp();
        using Deadline deadline = new(options.Timeout, time, cancellationToken);
        CallTotals totals = new(rows, options.Progress);
        try
        {
            SequenceSnapshot? pinned = pin ? await PinAsync(options, deadline.Token).ConfigureAwait(false) : null;
            SequenceSnapshot snapshot = pinned ?? default;
            Volatile.Write(ref _lengthSeen, Math.Max(Volatile.Read(ref _lengthSeen), snapshot.Length));
            long first = options.FirstQueryPosition ?? snapshot.Length - rows;
            CutTerms terms = new(options, first, rows, snapshot.Length);
            await TileRun.ForEachAsync(
                rows,
                terms.RowsThatFit(tileRows),
                _client.Options.TilesInFlight,
                async (firstRow, count, token) =>
                {
                    int retries = 0;
                    AttendCall tile = TileOf(q, rows, firstRow, count, terms.Of(firstRow, count), pinned, options.Timeout - time.GetElapsedTime(started));
                    CallLimits.RequireFits("A query tile", tile.Q.ByteLength + tile.Terms.Bytes);
                    TReply reply = await _client.Coordinators.RunAsync(
                        (coordinator, callId, attempt) => send(coordinator, tile with { CallId = callId, TimeLeft = options.Timeout - time.GetElapsedTime(started) }, attempt),
                        WorkOf(count),
                        options.Timeout - time.GetElapsedTime(started),
                        () => retries++,
                        token).ConfigureAwait(false);
                    TileSummary summary = store(tile, reply);
                    (snapshot, first) = (summary.Snapshot, summary.FirstQueryPosition);
                    Volatile.Write(ref _lengthSeen, snapshot.Length);
                    totals.Add(count, summary.BlocksComputed, summary.BlocksSkipped, summary.Partials, summary.Retries + retries, summary.Actuals);
                },
                deadline.Token).ConfigureAwait(false);
            return totals.Summary(snapshot, first);
        }
        catch (OperationCanceledException e)
        {
            deadline.ThrowIfItWas(e);
            throw;
        }
        catch (AttentionTimeoutException e)
        {
            // The coordinator's clock was a little ahead of this one.
            throw new AttentionTimeoutException(options.Timeout, e.InnerException);
        }
    }

    /// <summary>A mask whose data may not fit one message: explained by rows, each with its part of the data.</summary>
    private async Task<AttentionPlan> ExplainInPartsAsync(int rows, AttendOptions options, CancellationToken cancellationToken)
    {
        SequenceSnapshot snapshot = await PinAsync(options, cancellationToken).ConfigureAwait(false);
        long first = options.FirstQueryPosition ?? snapshot.Length - rows;
        AttendOptions pinned = options with { Length = snapshot.Length };
        CutTerms terms = new(pinned, first, rows, snapshot.Length);
        List<AttentionPlan> parts = [];
        int most = terms.RowsThatFit(CallLimits.TileRows(Spec));
        for (int row = 0; row < rows || parts.Count == 0; row += most)
        {
            int count = Math.Min(most, rows - row);
            AttendTerms part = terms.Of(row, count) with { FirstQueryPosition = first + row };
            PlanReply reply = await RepeatedAsync(() => _ledger.ExplainAsync(Handle.Uid, count, part, cancellationToken), cancellationToken).ConfigureAwait(false);
            parts.Add((await Parcels.WholeAsync(_client.Serializer, _ledger, reply, cancellationToken).ConfigureAwait(false)).Plan!.Value.Value);
        }

        return AttentionPlan.Join(parts) with { Mask = options.Mask.ToString() };
    }

    private async Task<SequenceSnapshot> PinAsync(AttendOptions options, CancellationToken cancellationToken)
    {
        LedgerView latest = await RepeatedAsync(() => _ledger.GetSnapshotAsync(Handle.Uid, cancellationToken), cancellationToken).ConfigureAwait(false);
        if (options.Length is not { } length)
        {
            return latest.State;
        }

        return length <= latest.State.Length
            ? latest.State with { Length = length }
            : throw new InvalidSpecException(nameof(AttendOptions.Length), $"{length} is more than the {latest.State.Length} committed positions");
    }

    private Task<T> RepeatedAsync<T>(Func<Task<T>> call, CancellationToken cancellationToken) =>
        ClusterErrors.RepeatedAsync(call, Id.Value, _client.Options, cancellationToken);

    private async Task<int> CheckRowsAsync(ReadOnlyMemory<float> k, ReadOnlyMemory<float> v, CancellationToken cancellationToken)
    {
        int count = Shapes.RequireAppend(Spec, k, v);
        await InputChecks.CheckAsync(Spec, k, v, count, cancellationToken).ConfigureAwait(false);
        return count;
    }

    private bool IsSmall(int count) => (long)count * Spec.NumHeadsKv * (Spec.HeadDim + Spec.HeadDimV) * sizeof(float) <= SmallAppendBytes;

    /// <summary>
    /// A small append as one call. The rows are copied: an attempt that was given up may be sent late, when the caller's memory
    /// holds something else already.
    /// </summary>
    private AppendCall ToCall(ReadOnlyMemory<float> k, ReadOnlyMemory<float> v, int count, AppendOptions options) => new()
    {
        Sequence = Handle,
        Operation = options.OperationId ?? OperationId.New(),
        ExpectedPosition = options.ExpectedPosition,
        Count = count,
        K = new TensorPayload(k.ToArray(), count, Spec.NumHeadsKv, Spec.HeadDim),
        V = new TensorPayload(v.ToArray(), count, Spec.NumHeadsKv, Spec.AppendedHeadDimV),
        CallId = Guid.Empty,
    };
}
