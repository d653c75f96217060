using DistAttention.Contracts;
using DistAttention.Engine.Admission;
using DistAttention.Engine.Execution;
using DistAttention.Engine.Shards;
using DistAttention.Engine.Telemetry;
using Orleans.Concurrency;

namespace DistAttention.Grains;

/// <summary>
/// Speaks for one shard: gives writers one place to go and seekers one to ask. The rows are in the registry of the silo, whose
/// leases decide how long they stay in memory.
/// </summary>
[Reentrant]
[GrainType(TypeName)]
[HolderPlacement]
internal sealed class KvShardGrain : Grain, IKvShardGrain, IVacant
{
    public const string TypeName = "kvshard";

    private readonly ShardService _shards;
    private readonly ClusterSilos _silos;
    private readonly ActiveShards _active;
    private readonly CallBook _calls;
    private readonly WriteGrants _grants;
    private readonly SiloGates _gates;
    private readonly CallOwner _caller;
    private readonly AttentionMeter _meter;
    private ShardId _id;

    public KvShardGrain(ShardService shards, ClusterSilos silos, ActiveShards active, CallBook calls, WriteGrants grants, SiloGates gates, CallOwner caller, AttentionMeter meter)
    {
        _meter = meter;
        _shards = shards;
        _silos = silos;
        _active = active;
        _calls = calls;
        _grants = grants;
        _gates = gates;
        _caller = caller;
    }

    /// <summary>Without rows in memory it is found as well by whoever asks for it next.</summary>
    public bool IsVacant => _shards.Registry.ResidentBytes(_id) == 0;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _id = ShardId.Parse(this.GetPrimaryKeyString());
        _active.Add(_id, DeactivateOnIdle, to => Migration.To(to, MigrateOnIdle));
        if (!_shards.Registry.Store.IsDurable)
        {
            DelayDeactivation(Timeout.InfiniteTimeSpan); // its rows are nowhere else
        }

        return base.OnActivateAsync(cancellationToken);
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _active.Remove(_id);
        return base.OnDeactivateAsync(reason, cancellationToken);
    }

    public async Task<string> WriteAsync(WriteCall write, CancellationToken cancellationToken)
    {
        write.Require();
        _grants.Require(write.Grant, this.GetPrimaryKeyString(), write.Fence, write.Spec);
        using CallBook.Entry entry = _calls.Begin(write.CallId, cancellationToken);
        if (_shards.Registry.IsGivenAway(_id))
        {
            if (_active.MovedTo(_id) is { } to)
            {
                Migration.To(to, MigrateOnIdle);
            }

            throw new ReservationGoneException(write.Operation);
        }

        SequenceSpec spec = write.Spec.Value;
        _meter.Received((long)write.K.ByteLength + write.V.ByteLength);
        await RequireCommittedAsync(write, spec, entry.Token);
        ShardWrite rows = new(
            _id,
            spec,
            write.Fence,
            write.Operation,
            write.FirstIdx,
            write.Count,
            write.K.Floats("k", write.Count, spec.NumHeadsKv, spec.HeadDim),
            write.V.Floats("v", write.Count, spec.NumHeadsKv, spec.AppendedHeadDimV))
        {
            CommittedRows = write.CommittedRows,
            Caller = _caller.Current,
        };
        try
        {
            await Task.Run(() => SiloGates.ThroughAsync(_gates.Parts, CallCosts.OfAppend(rows.Caller, spec, rows.Count), () => WriteAsync(rows, entry.Token)), entry.Token);
        }
        catch (StaleWriteException)
        {
            throw new ReservationGoneException(write.Operation);
        }

        return _silos.Self.Value;
    }

    private async Task<ShardWrite> WriteAsync(ShardWrite rows, CancellationToken cancellationToken)
    {
        await _shards.WriteAsync(rows, cancellationToken);
        return rows;
    }

    public Task<bool> SeedAsync(ShardRef source, int count, CancellationToken cancellationToken) =>
        _shards.Registry.SeedAsync(_id, EngineWire.ToId(source), count, cancellationToken).AsTask();

    public Task TrimAsync(int length, long fence, Packed<SequenceSpec> spec, byte[]? grant)
    {
        _grants.Require(grant, this.GetPrimaryKeyString(), fence, spec);
        _shards.Registry.Trim(_id, length, fence);
        return Task.CompletedTask;
    }

    public Task<CallProgress> AskAsync(Guid callId) => Task.FromResult(_calls.Ask(callId));

    public Task CancelAsync(Guid callId)
    {
        _calls.Cancel(callId);
        return Task.CompletedTask;
    }

    public Task<ShardWhereabouts> FindAsync() => Task.FromResult(new ShardWhereabouts(_silos.Self.Value, _shards.Registry.IsGivenAway(_id) ? 0 : RowsOf(_shards.Registry.TryLease(_id))));

    /// <summary>Refuses to go on where acknowledged rows are gone: an append must not hide their loss.</summary>
    private async Task RequireCommittedAsync(WriteCall write, SequenceSpec spec, CancellationToken cancellationToken)
    {
        if (write.CommittedRows > 0 && RowsOf(await _shards.Registry.LeaseOrLoadAsync(_id, write.CommittedRows, write.Fence, cancellationToken)) < write.CommittedRows)
        {
            long start = (long)_id.Index * spec.ShardLength;
            throw new ShardLostException(
                new SequenceId(write.Name),
                new PositionRange(start, start + write.CommittedRows),
                "the silo that held them is gone");
        }
    }

    /// <summary>Rows of a leased shard, whose lease ends here.</summary>
    private static int RowsOf(Shard? shard)
    {
        if (shard is null)
        {
            return 0;
        }

        try
        {
            return shard.ContiguousLength;
        }
        finally
        {
            shard.Release();
        }
    }
}
