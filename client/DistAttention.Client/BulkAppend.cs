using DistAttention.Contracts;
using Orleans.Runtime;
using Orleans.Runtime.Placement;

namespace DistAttention.Client;

/// <summary>An append too large for one message: the client reserves, writes slices to their shards side by side, and commits.</summary>
internal sealed class BulkAppend
{
    private const int MaxAttempts = 5;

    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(100);

    private readonly DistAttentionClient _client;
    private readonly SequenceHandle _handle;
    private readonly SequenceSpec _spec;
    private readonly string _name;
    private readonly ISequenceGrain _ledger;
    private readonly ReadOnlyMemory<float> _k;
    private readonly ReadOnlyMemory<float> _v;
    private readonly int _count;

    public BulkAppend(DistAttentionClient client, SequenceHandle handle, SequenceSpec spec, ReadOnlyMemory<float> k, ReadOnlyMemory<float> v, int count)
    {
        _client = client;
        _handle = handle;
        _spec = spec;
        _name = client.Tenant.NameOf(handle.Name);
        _ledger = client.Grains.GetGrain<ISequenceGrain>(handle.Name);
        _k = k;
        _v = v;
        _count = count;
    }

    public async Task<AppendResult> RunAsync(AppendOptions options, CancellationToken cancellationToken)
    {
        OperationId operation = options.OperationId ?? OperationId.New();
        ReservationView? reservation = null;
        long started = _client.Options.TimeProvider.GetTimestamp();
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                reservation = await ClusterErrors.RepeatedAsync(
                    () => _ledger.ReserveAsync(_handle.Uid, operation, _count, options.ExpectedPosition, cancellationToken),
                    _name,
                    _client.Options,
                    cancellationToken).ConfigureAwait(false);
                if (reservation.Completed is { } completed)
                {
                    return completed;
                }

                await WriteAsync(reservation, options.Progress, cancellationToken).ConfigureAwait(false);
                return await _ledger.CommitAsync(_handle.Uid, operation, reservation.Rows, reservation.Fence, cancellationToken)
                    .MappedAsync(_name).ConfigureAwait(false);
            }
            catch (ReservationGoneException)
            {
                // Something ahead was given up: the rows may have to go elsewhere, under a newer fence.
                cancellationToken.ThrowIfCancellationRequested();
            }
            catch (SiloUnreachableException unreachable) when (attempt < MaxAttempts || _client.Options.TimeProvider.GetElapsedTime(started) < _client.Options.RetryTime)
            {
                // A write that was given up may still arrive. Giving the reservation up too raises the fence, which refuses it.
                await AbortAsync(operation, null).ConfigureAwait(false);
                await MoveAwayAsync(reservation, unreachable.Silo).ConfigureAwait(false);
                await Task.Delay(_pause, _client.Options.TimeProvider, cancellationToken).ConfigureAwait(false);
            }
            catch
            {
                await AbortAsync(operation, reservation).ConfigureAwait(false);
                throw;
            }
        }
    }

    /// <summary>Has the shards of a silo that does not answer given to one that can read them back, where there is one.</summary>
    private async Task MoveAwayAsync(ReservationView? reservation, string silo)
    {
        ShardRef[] shards = [.. reservation?.Parts.Where(p => p.Owner == silo).Select(static p => p.Shard) ?? []];
        if (shards.Length == 0)
        {
            return;
        }

        try
        {
            await _ledger.ReassignAsync(_handle.Uid, shards, silo, CancellationToken.None).MappedAsync(_name).ConfigureAwait(false);
        }
        catch (SiloUnreachableException)
        {
            // The next attempt finds out.
        }
    }

    /// <summary>Gives a reservation up, and the memory of rows written for it.</summary>
    private async Task AbortAsync(OperationId operation, ReservationView? written)
    {
        try
        {
            if (await _ledger.AbortAsync(_handle.Uid, operation).ConfigureAwait(false) && written is not null)
            {
                await Task.WhenAll(written.Parts.Select(p => ShardOf(p).TrimAsync(p.FirstIdx, written.Fence, _handle.Spec, p.Grant))).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is OrleansException or TimeoutException or DistAttentionException)
        {
            // The ledger gives it up by itself when its time is over; what matters is the error that led here.
        }
    }

    private async Task WriteAsync(ReservationView reservation, IProgress<AttentionProgress>? progress, CancellationToken cancellationToken)
    {
        Lock reporting = new();
        long written = 0;
        ParallelOptions parallel = new() { MaxDegreeOfParallelism = _client.Options.WritesInFlight, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(Slices(reservation), parallel, async (slice, token) =>
        {
            try
            {
                await WriteAsync(reservation, slice, token).ConfigureAwait(false);
            }
            catch (InvalidTensorException unstorable)
            {
                // Only known once the owner has projected the key.
                throw unstorable.InToken(unstorable.Token + slice.Offset);
            }

            lock (reporting)
            {
                written += slice.Count;
                progress?.Report(new AttentionProgress(written, reservation.Rows.Length));
            }
        }).ConfigureAwait(false);
    }

    /// <summary>The reserved parts, cut to what a message carries; cuts fall between blocks where they can, so that slices are packed side by side.</summary>
    private IEnumerable<ReservedSlice> Slices(ReservationView reservation)
    {
        long rowBytes = (long)_spec.NumHeadsKv * (_spec.HeadDim + _spec.AppendedHeadDimV) * sizeof(float);
        int most = CallLimits.RowsThatFit(CallLimits.MessageBytes, rowBytes);
        foreach (ReservedSlice part in reservation.Parts)
        {
            for (int done = 0; done < part.Count;)
            {
                int start = part.FirstIdx + done;
                int end = Math.Min(part.FirstIdx + part.Count, start + most);
                int blockEnd = end / SequenceFormat.BlockLength * SequenceFormat.BlockLength;
                int count = (end < part.FirstIdx + part.Count && blockEnd > start ? blockEnd : end) - start;
                yield return part with { FirstIdx = start, Offset = part.Offset + done, Count = count };
                done += count;
            }
        }
    }

    private async Task WriteAsync(ReservationView reservation, ReservedSlice slice, CancellationToken cancellationToken)
    {
        int kRow = _spec.NumHeadsKv * _spec.HeadDim;
        int vRow = _spec.NumHeadsKv * _spec.AppendedHeadDimV;
        WriteCall call = new()
        {
            Name = _handle.Name,
            Spec = _handle.Spec,
            Fence = reservation.Fence,
            Operation = reservation.Operation,
            FirstIdx = slice.FirstIdx,
            Count = slice.Count,
            CommittedRows = slice.CommittedRows,
            K = new TensorPayload(_k.Slice((int)(slice.Offset * kRow), slice.Count * kRow), slice.Count, _spec.NumHeadsKv, _spec.HeadDim),
            V = new TensorPayload(_v.Slice((int)(slice.Offset * vRow), slice.Count * vRow), slice.Count, _spec.NumHeadsKv, _spec.AppendedHeadDimV),
            CallId = Guid.NewGuid(),
            Grant = slice.Grant,
        };
        CallLimits.RequireFits("Rows of k and v", (long)call.K.ByteLength + call.V.ByteLength);
        IKvShardGrain shard = ShardOf(slice);
        string silo = await _client.Coordinators.UntilLetInAsync(
            () => Attempt.RunAsync(
                slice.Owner,
                shard,
                call.CallId,
                token => SendAsync(_client.Coordinators, shard, slice.Owner, call, token),
                _client.Coordinators.Times,
                cancellationToken),
            _client.Options.RetryTime,
            cancellationToken).ConfigureAwait(false);
        if (silo != slice.Owner)
        {
            await _ledger.FoundAsync(_handle.Uid, slice.Shard, silo).MappedAsync(_name).ConfigureAwait(false);
        }
    }

    private IKvShardGrain ShardOf(ReservedSlice slice) => _client.Grains.GetGrain<IKvShardGrain>(slice.Shard.GrainKey);

    private static Task<string> SendAsync(CoordinatorCalls client, IKvShardGrain shard, string owner, WriteCall call, CancellationToken cancellationToken)
    {
        client.Sign();
        RequestContext.Set(IPlacementDirector.PlacementHintKey, SiloAddress.FromParsableString(owner));
        try
        {
            return shard.WriteAsync(call, cancellationToken);
        }
        finally
        {
            RequestContext.Remove(IPlacementDirector.PlacementHintKey);
        }
    }
}
