using System.Diagnostics;
using System.Runtime.CompilerServices;
using DistAttention.Calls;
using DistAttention.Engine.Compute;
using DistAttention.Engine.Planning;
using DistAttention.Engine.Shards;
using DistAttention.Engine.Telemetry;
using DistAttention.Kernels;

namespace DistAttention.Engine.Execution;

/// <summary>One per process: writes and computes over the shards that this process holds, on its compute pool.</summary>
public sealed class ShardService
{
    private readonly ShardRegistry _registry;
    private readonly ComputePool _pool;
    private readonly TimeProvider _time;
    private readonly ResidentQuotas _quotas;
    private readonly AttentionMeter _meter;
    private readonly SemaphoreSlim _inPieces = new(1, 1);
    private readonly CompiledScores _scores = new();
    private int _warmTypes; // a bit for each

    /// <summary>Makes the service.</summary>
    /// <param name="registry">The shards of this process.</param>
    /// <param name="pool">Where kernels run.</param>
    /// <param name="time">The clock of pauses while memory is taken; null for the system's.</param>
    /// <param name="quotas">What of the memory one caller may take; null for all.</param>
    /// <param name="meter">Counts what is done; null for nobody.</param>
    public ShardService(ShardRegistry registry, ComputePool pool, TimeProvider? time = null, ResidentQuotas? quotas = null, AttentionMeter? meter = null)
    {
        _meter = meter ?? AttentionMeter.Silent;
        _quotas = quotas ?? new ResidentQuotas(registry, long.MaxValue);
        _time = time ?? TimeProvider.System;
        _registry = registry;
        _pool = pool;
    }

    /// <summary>The shards of this process.</summary>
    public ShardRegistry Registry => _registry;

    /// <summary>Packs rows into a shard and gives them to the store.</summary>
    /// <param name="write">The rows.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public async ValueTask WriteAsync(ShardWrite write, CancellationToken cancellationToken)
    {
        if (write.Count == 0)
        {
            return;
        }

        long began = _meter.Begin();
        if (_registry.Store.IsDurable)
        {
            write = await PrepareKeysJob.PrepareAsync(_pool, write, cancellationToken).ConfigureAwait(false);
        }

        Shard shard = await WithRoomAsync(token => LeaseWithRoomAsync(write, token), BytesUpTo(write), cancellationToken).ConfigureAwait(false);
        try
        {
            // Side by side, and both to their end: the rows are the caller's again when this returns.
            Task stored = StoreAsync(write, cancellationToken);
            Task packed = _pool.RunAsync(new PackJob(shard, write, cancellationToken) { Caller = write.Caller }).AsTask();
            await Task.WhenAll(stored, packed).ConfigureAwait(false);
            shard.Complete(write);
            _meter.Wrote(began, write.Count);
            WarmUp(write.Spec.KvType);
        }
        catch
        {
            shard.Abandon(write);
            throw;
        }
        finally
        {
            _registry.EndWrite(shard);
        }
    }

    /// <summary>Whoever has brought rows will ask for attention over them: by then the kernels are compiled, or about to be.</summary>
    private void WarmUp(KvDataType type)
    {
        int bit = 1 << (int)type;
        if (!_pool.HasThreads || (Volatile.Read(ref _warmTypes) & bit) != 0 || (Interlocked.Or(ref _warmTypes, bit) & bit) != 0)
        {
            return;
        }

        try
        {
            _ = _pool.RunAsync(new WarmupJob(type)); // nobody needs its end, and if it fails, calls will say why
        }
        catch (ObjectDisposedException)
        {
            // The process ends; the rows are written all the same.
        }
    }

    /// <summary>Leases the shard of a write, with room for it. Where there is none the shard is let go too: it may be what another one needs.</summary>
    private async ValueTask<Shard> LeaseWithRoomAsync(ShardWrite write, CancellationToken cancellationToken)
    {
        Shard shard = await _registry.LeaseForWriteAsync(write.Shard, write.Spec, write.CommittedRows, write.Fence, cancellationToken).ConfigureAwait(false);
        try
        {
            long needed = shard.BytesNeeded(write);
            _quotas.RequireRoom(write.Caller, write.Shard, needed);
            _registry.MakeRoom(needed);
            shard.Prepare(write);
            return shard;
        }
        catch
        {
            _registry.EndWrite(shard);
            throw;
        }
    }

    private static long BytesUpTo(in ShardWrite write) =>
        ((long)write.FirstIdx + write.Count + SequenceFormat.BlockLength - 1) / SequenceFormat.BlockLength * KvLayout.Of(write.Spec).BlockBytes;

    /// <summary>A store that waits for a device does so on another thread than the one that packs.</summary>
    private Task StoreAsync(ShardWrite write, CancellationToken cancellationToken) => _registry.Store.IsDurable
        ? Task.Run(() => _registry.Store.AppendAsync(write, cancellationToken).AsTask(), cancellationToken)
        : _registry.Store.AppendAsync(write, cancellationToken).AsTask();

    /// <summary>Computes a query tile. Where rows can be read back, it may need more memory than there is: it is then computed piece by piece.</summary>
    /// <param name="request">The tile.</param>
    /// <param name="cancellationToken">Cancels the call; reaches the tile loop.</param>
    public ValueTask<TileAnswer> ComputeAsync(TileRequest request, CancellationToken cancellationToken) =>
        _registry.Store.IsDurable ? ComputeAsFitsAsync(request, cancellationToken) : ComputeAtOnceAsync(request, cancellationToken);

    private async ValueTask<TileAnswer> ComputeAsFitsAsync(TileRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return await ComputeAtOnceAsync(request, cancellationToken).ConfigureAwait(false);
        }
        catch (CapacityExceededException)
        {
            return await InPiecesAsync(request, ComputeAtOnceAsync, answers => Joined(request, answers), cancellationToken).ConfigureAwait(false);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<TileAnswer> ComputeAtOnceAsync(TileRequest request, CancellationToken cancellationToken)
    {
        long began = _meter.Begin();
        using Activity? part = Traces.StartPart(request);
        (HeldBlocks? held, IReadOnlyList<ShardId> notHere) = await HeldBlocks.LeaseAsync(_registry, request, cancellationToken).ConfigureAwait(false);
        if (held is null)
        {
            return new TileAnswer([], 0, notHere);
        }

        using (held)
        {
            TileJob job = TileJob.Make(request, _scores.Get(request.Score, request.Spec), held, _pool.Threads, cancellationToken);
            try
            {
                await _pool.RunAsync(job).ConfigureAwait(false);
            }
            catch
            {
                job.DisposePartials();
                throw;
            }
            finally
            {
                _quotas.WereRead(request.Caller, request.Shards);
            }

            if (began != 0)
            {
                _meter.Computed(began, request.Spec, request.Mask, request.Queries, request.Positions);
            }

            Traces.AddShards(part, request);
            return new TileAnswer(job.Partials, held.PositionsCounted, []);
        }
    }

    /// <summary>Runs the second pass of a query tile.</summary>
    /// <param name="request">The tile and the outcome of its first pass.</param>
    /// <param name="cancellationToken">Cancels the call; reaches the tile loop.</param>
    public async ValueTask<MassAnswer> MassAsync(MassRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return await MassAtOnceAsync(request, cancellationToken).ConfigureAwait(false);
        }
        catch (CapacityExceededException) when (_registry.Store.IsDurable)
        {
            return await InPiecesAsync(
                request.Tile,
                (piece, token) => MassAtOnceAsync(request with { Tile = piece }, token),
                answers => Joined(request, answers),
                cancellationToken).ConfigureAwait(false);
        }
    }

    private static TileAnswer Joined(TileRequest request, List<TileAnswer> answers)
    {
        NodePartial[] partials = [.. answers.SelectMany(static a => a.Partials)];
        List<NodePartial> joined = [];
        int from = 0;
        foreach (TreeNode node in request.Nodes)
        {
            int to = from;
            while (to < partials.Length && partials[to].Node.FirstRun < node.EndRun)
            {
                to++;
            }

            if (NodeMerger.Merge(partials.AsSpan(from, to - from), node) is { } merged)
            {
                joined.Add(new NodePartial(node, merged));
            }

            from = to;
        }

        return new TileAnswer(joined, answers.Sum(static a => a.PositionsCounted), []);
    }

    private static MassAnswer Joined(MassRequest request, List<MassAnswer> answers)
    {
        MassBuffer total = request.NewMass();
        foreach (MassAnswer answer in answers)
        {
            total.Span.Add(answer.Mass.Span);
        }

        return new MassAnswer(total, answers.Sum(static a => a.PositionsCounted), []);
    }

    /// <summary>
    /// Computes the pieces of a tile one after the other, and of such tiles one at a time, so that they do not take each other's memory. While
    /// other calls hold what a piece needs, it waits for them.
    /// </summary>
    private async ValueTask<T> InPiecesAsync<T>(
        TileRequest request,
        Func<TileRequest, CancellationToken, ValueTask<T>> compute,
        Func<List<T>, T> join,
        CancellationToken cancellationToken)
        where T : IOwnerAnswer
    {
        await _inPieces.WaitAsync(cancellationToken).ConfigureAwait(false);
        List<T> answers = [];
        try
        {
            foreach (TileRequest piece in TilePieces.Of(request, _registry.Budget.LimitBytes / 2))
            {
                T answer = await WithRoomAsync(
                    token => compute(piece, token),
                    KvLayout.Of(piece.Spec).BlockBytes * piece.Shards.Sum(static s => (s.Length + SequenceFormat.BlockLength - 1L) / SequenceFormat.BlockLength),
                    cancellationToken).ConfigureAwait(false);
                if (answer.NotHere.Count > 0)
                {
                    answers.ForEach(static a => a.Dispose());
                    return answer;
                }

                answers.Add(answer);
            }

            return join(answers);
        }
        catch
        {
            answers.ForEach(static a => a.Dispose());
            throw;
        }
        finally
        {
            _inPieces.Release();
        }
    }

    /// <summary>Does what fits the budget as soon as others have given back enough of it.</summary>
    private async ValueTask<T> WithRoomAsync<T>(Func<CancellationToken, ValueTask<T>> work, long bytes, CancellationToken cancellationToken)
    {
        Backoff backoff = new(_time);
        while (true)
        {
            try
            {
                return await work(cancellationToken).ConfigureAwait(false);
            }
            catch (CapacityExceededException e) when (_registry.Store.IsDurable && bytes <= Math.Min(_registry.Budget.LimitBytes, _quotas.BytesPerCaller) && e.BudgetBytes == _registry.Budget.LimitBytes)
            {
                await backoff.PauseAsync(TimeSpan.Zero, e, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async ValueTask<MassAnswer> MassAtOnceAsync(MassRequest request, CancellationToken cancellationToken)
    {
        (HeldBlocks? held, IReadOnlyList<ShardId> notHere) = await HeldBlocks.LeaseAsync(_registry, request.Tile, cancellationToken).ConfigureAwait(false);
        if (held is null)
        {
            return new MassAnswer(request.NewMass(), 0, notHere);
        }

        using (held)
        {
            MassJob job = MassJob.Make(request, held, _pool.Threads, cancellationToken);
            await _pool.RunAsync(job).ConfigureAwait(false);
            return new MassAnswer(job.Mass, held.PositionsCounted, []);
        }
    }
}
