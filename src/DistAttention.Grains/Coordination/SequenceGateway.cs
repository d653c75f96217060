using System.Diagnostics;
using DistAttention.Contracts;
using DistAttention.Engine.Execution;
using DistAttention.Engine.Planning;
using DistAttention.Engine.Shards;
using DistAttention.Engine.Telemetry;
using Orleans.Runtime;
using Orleans.Runtime.Placement;

namespace DistAttention.Grains;

/// <summary>
/// Reaches the owners of one sequence's shards. This silo's own shards are called directly; others by one message per tile,
/// cut by rows where the answer would not fit one. A silo that is lost gives <see cref="OwnerUnreachableException"/> where others can read its
/// shards back, and <see cref="ShardLostException"/> where they cannot.
/// </summary>
internal sealed class SequenceGateway(ClusterLinks links, RemoteLedger ledger) : IShardGateway
{
    private SequenceId Id => new(ledger.Handle.Name);

    public bool IsRemote(OwnerId owner) => owner != links.Silos.Self;

    public async ValueTask WriteAsync(OwnerId owner, ShardWrite write, CancellationToken cancellationToken)
    {
        WriteCall call = new()
        {
            Name = ledger.Handle.Name,
            Spec = ledger.Handle.Spec,
            Fence = write.Fence,
            Operation = write.OperationId,
            FirstIdx = write.FirstIdx,
            Count = write.Count,
            CommittedRows = write.CommittedRows,
            K = new TensorPayload(write.K, write.Count, write.Spec.NumHeadsKv, write.Spec.HeadDim),
            V = new TensorPayload(write.V, write.Count, write.Spec.NumHeadsKv, write.Spec.AppendedHeadDimV),
            CallId = Guid.NewGuid(),
        };
        CallLimits.RequireFits("Rows of k and v", (long)call.K.ByteLength + call.V.ByteLength);
        if (IsRemote(owner))
        {
            links.Meter.Sent((long)call.K.ByteLength + call.V.ByteLength);
        }

        try
        {
            IKvShardGrain grain = links.ShardGrain(write.Shard, owner);
            string silo = await Attempt.RunAsync(
                owner.Value,
                grain,
                call.CallId,
                token => links.IsDurable
                    ? links.Silos.WhileAliveAsync(owner, links.WithHint(owner, () => grain.WriteAsync(call, token)))
                    : links.WithHint(owner, () => grain.WriteAsync(call, token)),
                links.Times,
                cancellationToken).ConfigureAwait(false);
            if (silo != owner.Value)
            {
                await ledger.FoundAsync(EngineWire.ToRef(write.Shard), silo, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (ReservationGoneException)
        {
            throw new StaleWriteException(write.Shard);
        }
        catch (SiloUnreachableException e) when (links.IsDurable)
        {
            links.Watch.Suspect(owner);
            throw new OwnerUnreachableException(owner, e.Problem, e);
        }
    }

    public async ValueTask<TileAnswer> ComputeAsync(OwnerId owner, TileRequest request, CancellationToken cancellationToken)
    {
        if (owner == links.Silos.Self)
        {
            TileAnswer local = await links.Shards.ComputeAsync(request, cancellationToken).ConfigureAwait(false);
            await LocateAsync(local.NotHere, cancellationToken).ConfigureAwait(false);
            return local;
        }

        IEnumerable<Task<TileAnswer>> groups = NodeGroups.Of(request).Select(group => AskAsync(owner, group, cancellationToken));
        return NodeGroups.Join(await Task.WhenAll(groups).ConfigureAwait(false));
    }

    private async Task<TileAnswer> AskAsync(OwnerId owner, TileRequest request, CancellationToken cancellationToken)
    {
        SequenceSpec spec = request.Spec;
        long answerRow = (long)request.Nodes.Count * PooledPartial.LengthOf(1, spec.NumHeadsQ, spec.HeadDimV) * sizeof(float);
        int rowsPerCall = MaskLimits.RowsThatFit(request.Mask, request.Queries, request.Positions, CallLimits.RowsThatFit(CallLimits.MessageBytes, answerRow, request.Rows));
        CallLimits.RequireFits("The answer to one query row", answerRow);
        RowSlices slices = new(request.Rows, CallLimits.EvenSlices(request.Rows, rowsPerCall));
        TileReply[] replies = await Task.WhenAll(slices.Select(s => CallAsync(
            owner,
            request,
            EngineWire.ToCall(request, s.First, s.Count),
            static (host, call, token) => host.ComputeAsync(call, token),
            static call => call.CallId,
            static call => call.Q.ByteLength + call.Mask.Bytes.Length,
            cancellationToken))).ConfigureAwait(false);
        long answered = replies.Sum(static r => r.Partials.Sum(static p => (long)p.ByteLength));
        links.Traffic.Add(answered);
        links.Meter.Received(answered);
        TileReply? incomplete = replies.FirstOrDefault(static r => r.NotHere.Length > 0);
        if (incomplete is not null)
        {
            return new TileAnswer([], 0, await LocateAsync([.. incomplete.NotHere.Select(EngineWire.ToId)], cancellationToken).ConfigureAwait(false));
        }

        return slices.Join(request, replies);
    }

    public async ValueTask<MassAnswer> MassAsync(OwnerId owner, MassRequest request, CancellationToken cancellationToken)
    {
        if (owner == links.Silos.Self)
        {
            MassAnswer local = await links.Shards.MassAsync(request, cancellationToken).ConfigureAwait(false);
            await LocateAsync(local.NotHere, cancellationToken).ConfigureAwait(false);
            return local;
        }

        long answerRow = request.Tile.Spec.NumHeadsQ * ((request.Bins * (long)sizeof(ulong)) + (request.TopK * (long)(sizeof(long) + sizeof(float))));
        Parcels.RequireFits("The mass of one query row", answerRow);
        int rowsPerCall = CallLimits.RowsThatFit(CallLimits.MessageBytes, answerRow, request.Tile.Rows);
        RowSlices slices = new(request.Tile.Rows, MaskLimits.RowsThatFit(request.Tile.Mask, request.Tile.Queries, request.Tile.Positions, rowsPerCall));
        TileMassReply[] replies = await Task.WhenAll(slices.Select(s => CallAsync(
            owner,
            request.Tile,
            EngineWire.ToCall(request, s.First, s.Count),
            async (host, call, token) =>
                await Parcels.WholeAsync(links.Serializer, host, await host.MassAsync(call, token).ConfigureAwait(false), token).ConfigureAwait(false),
            static call => call.Tile.CallId,
            static call => call.Tile.Q.ByteLength + call.Tile.Mask.Bytes.Length,
            cancellationToken))).ConfigureAwait(false);
        links.Meter.Received(replies.Sum(static r => r.ByteLength));
        TileMassReply? incomplete = replies.FirstOrDefault(static r => r.NotHere.Length > 0);
        if (incomplete is not null)
        {
            return new MassAnswer(request.NewMass(), 0, await LocateAsync([.. incomplete.NotHere.Select(EngineWire.ToId)], cancellationToken).ConfigureAwait(false));
        }

        return slices.Join(request, replies);
    }

    public async ValueTask<bool> SeedAsync(OwnerId owner, ShardId shard, ShardId source, int count, CancellationToken cancellationToken)
    {
        IKvShardGrain grain = links.ShardGrain(shard, owner);
        return await links.WithHint(owner, () => grain.SeedAsync(EngineWire.ToRef(source), count, cancellationToken)).ConfigureAwait(false);
    }

    public async ValueTask RetainAsync(OwnerId owner, IReadOnlyList<ShardId> shards, Guid holder, CancellationToken cancellationToken) =>
        await links.Silos.Host(owner).RetainAsync([.. shards.Select(EngineWire.ToRef)], holder).WaitAsync(cancellationToken).ConfigureAwait(false);

    public async ValueTask ReleaseAsync(OwnerId owner, IReadOnlyList<ShardId> shards, Guid holder, CancellationToken cancellationToken) =>
        await links.Silos.Host(owner).ReleaseAsync([.. shards.Select(EngineWire.ToRef)], holder).WaitAsync(cancellationToken).ConfigureAwait(false);

    public async ValueTask TrimAsync(OwnerId owner, ShardId shard, int length, long fence, CancellationToken cancellationToken)
    {
        IKvShardGrain grain = links.ShardGrain(shard, owner);
        await links.WithHint(owner, async () =>
        {
            await grain.TrimAsync(length, fence, ledger.Handle.Spec, grant: null).WaitAsync(links.Times.Probe, links.Times.Time, cancellationToken).ConfigureAwait(false);
            return true;
        }).ConfigureAwait(false);
    }

    public Hedge? HedgeOf(OwnerId owner, TileRequest request) => links.HedgeOf(owner, WorkOf(request));

    private async Task<TReply> CallAsync<TCall, TReply>(
        OwnerId owner,
        TileRequest tile,
        TCall call,
        Func<IShardHostService, TCall, CancellationToken, Task<TReply>> send,
        Func<TCall, Guid> callId,
        Func<TCall, long> bytes,
        CancellationToken cancellationToken)
    {
        if (links.Silos.IsDead(owner))
        {
            if (links.Silos.KeepsReplicas)
            {
                links.Moving.Begin(ledger, tile, owner);
            }

            throw Gone(tile, owner, "is gone", null);
        }

        CallLimits.RequireFits("A query tile", bytes(call));
        using IDisposable room = await links.EnterAsync(owner, cancellationToken).ConfigureAwait(false);
        links.Traffic.Add(bytes(call));
        links.Meter.Sent(bytes(call));
        using Activity? span = Traces.StartAsk(owner, tile.Shards.Count);
        CallTracing.Carry(span);
        IShardHostService host = links.Silos.Host(owner);
        try
        {
            return await links.TimedAsync(owner, WorkOf(tile), times => Attempt.RunAsync(
                owner.Value,
                host,
                callId(call),
                token => send(host, call, token),
                times,
                cancellationToken)).ConfigureAwait(false);
        }
        catch (SiloUnreachableException e) when (!e.IsLostCall)
        {
            Traces.Fail(span, e);
            links.Watch.Suspect(owner);

            // A silo that answers after all was only busy, or its connection broke: the tile is asked for again.
            if (await AnswersAsync(host, callId(call)).ConfigureAwait(false))
            {
                throw;
            }

            throw Gone(tile, owner, e.Problem, e);
        }
    }

    /// <summary>What a silo held that is gone: for others to read back, or lost.</summary>
    private DistAttentionException Gone(TileRequest tile, OwnerId owner, string problem, Exception? cause) =>
        links.IsDurable ? new OwnerUnreachableException(owner, problem, cause) : Lost(tile, owner, problem, cause);

    /// <summary>About the multiplications of a tile; what a mask hides counts too, so the time predicted is rather too long.</summary>
    private static double WorkOf(TileRequest tile) =>
        (double)Math.Max(tile.Rows, CallLimits.RowsForFree) * tile.Spec.NumHeadsQ * (tile.Spec.HeadDim + tile.Spec.HeadDimV) * tile.Shards.Sum(static s => (long)s.Length);

    private async Task<bool> AnswersAsync(IShardHostService host, Guid callId)
    {
        try
        {
            await host.AskAsync(callId).WaitAsync(links.Times.Probe, links.Times.Time).ConfigureAwait(false);
            return true;
        }
        catch (Exception e) when (e is OrleansException or TimeoutException)
        {
            return false;
        }
    }

    /// <summary>Asks the grains of shards where they are, and tells the ledger of those that are elsewhere.</summary>
    private async Task<IReadOnlyList<ShardId>> LocateAsync(IReadOnlyList<ShardId> missing, CancellationToken cancellationToken)
    {
        foreach (ShardRef shard in missing.Select(EngineWire.ToRef))
        {
            try
            {
                ShardWhereabouts found = await links.Grains.GetGrain<IKvShardGrain>(shard.GrainKey)
                    .FindAsync().WaitAsync(links.Times.Probe, links.Times.Time, cancellationToken).ConfigureAwait(false);
                if (found.Rows > 0)
                {
                    await ledger.FoundAsync(shard, found.Silo, cancellationToken).ConfigureAwait(false);
                }
            }
            catch (Exception e) when (e is OrleansException or TimeoutException)
            {
                // Nobody can say; the ledger then names the same owner again, and the shard counts as lost.
            }
        }

        return missing;
    }

    /// <summary>The error for what an owner held: its first stretch of neighbouring shards.</summary>
    private ShardLostException Lost(TileRequest tile, OwnerId owner, string problem, Exception? cause)
    {
        int shardLength = tile.Spec.ShardLength;
        int first = tile.Shards[0].Shard.Id.Index;
        int count = 1;
        while (count < tile.Shards.Count && tile.Shards[count].Shard.Id.Index == first + count)
        {
            count++;
        }

        PositionRange positions = new(
            (long)first * shardLength,
            Planner.PositionsOf(first + count - 1, shardLength, tile.Snapshot.Length).End);
        return new ShardLostException(Id, positions, $"silo {owner}, which holds them, {problem}", cause);
    }
}
