using System.Diagnostics;
using DistAttention.Calls;
using DistAttention.Contracts;
using DistAttention.Engine.Admission;
using DistAttention.Engine.Compute;
using DistAttention.Engine.Execution;
using DistAttention.Engine.Ledger;
using DistAttention.Engine.Replicas;
using DistAttention.Engine.Shards;
using DistAttention.Engine.Telemetry;
using DistAttention.Kernels;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace DistAttention.Grains;

/// <summary>Answers other silos for the shards of this one. Nothing here computes: the engine's pool does.</summary>
internal sealed partial class ShardHostService : GrainService, IShardHostService
{
    private readonly ILocalSiloDetails _silo;
    private readonly ShardService _shards;
    private readonly ComputePool _pool;
    private readonly CallBook _calls;
    private readonly TrafficMeter _traffic;
    private readonly AttentionMeter _meter;
    private readonly LoadCounter _load;
    private readonly QuerySamples _queries;
    private readonly LocalSequences _sequences;
    private readonly ActiveShards _active;
    private readonly Parcels _parcels;
    private readonly ShardFollower _follower;
    private readonly StorageIdentity _storage;
    private readonly SiloGates _gates;
    private readonly CallOwner _caller;
    private readonly ClusterSilos _silos;
    private readonly ILedgerStore _ledgers;

    public ShardHostService(GrainId id, Silo silo, ILoggerFactory loggers, IServiceProvider services)
        : base(id, silo, loggers)
    {
        _silo = services.GetRequiredService<ILocalSiloDetails>();
        _shards = services.GetRequiredService<ShardService>();
        _pool = services.GetRequiredService<ComputePool>();
        _calls = services.GetRequiredService<CallBook>();
        _meter = services.GetRequiredService<AttentionMeter>();
        _queries = services.GetRequiredService<QuerySamples>();
        _load = services.GetRequiredService<LoadCounter>();
        _traffic = services.GetRequiredService<TrafficMeter>();
        _sequences = services.GetRequiredService<LocalSequences>();
        _active = services.GetRequiredService<ActiveShards>();
        _parcels = services.GetRequiredService<Parcels>();
        _follower = services.GetRequiredService<ShardFollower>();
        _storage = services.GetRequiredService<StorageIdentity>();
        _gates = services.GetRequiredService<SiloGates>();
        _caller = services.GetRequiredService<CallOwner>();
        _silos = services.GetRequiredService<ClusterSilos>();
        _ledgers = services.GetRequiredService<ILedgerStore>();
    }

    public async Task<TileReply> ComputeAsync(TileCall call, CancellationToken cancellationToken)
    {
        using CallBook.Entry entry = _calls.Begin(call.Require().CallId, cancellationToken);
        TileRequest request = EngineWire.ToRequest(call) with { Caller = _caller.Current };
        return await Task.Run(
            () => SiloGates.ThroughAsync(_gates.Parts, CostOf(request), async () =>
            {
                TileReply reply;
                using (Activity? span = Traces.StartHere(CallTrace.Serve, CallTracing.Parent))
                {
                    reply = EngineWire.ToReply(await _shards.ComputeAsync(request, entry.Token), call);
                }

                Count(call, reply.Partials.Sum(static p => (long)p.ByteLength));
                call.Q.Dispose();
                return reply;
            }),
            entry.Token);
    }

    public async Task<TileMassReply> MassAsync(TileMassCall call, CancellationToken cancellationToken)
    {
        using CallBook.Entry entry = _calls.Begin(call.Require().Tile.CallId, cancellationToken);
        MassRequest request = EngineWire.ToRequest(call);
        request = request with { Tile = request.Tile with { Caller = _caller.Current } };
        return await Task.Run(
            () => SiloGates.ThroughAsync(_gates.Parts, CostOf(request.Tile), async () =>
            {
                MassAnswer answer = await _shards.MassAsync(request, entry.Token);
                TileMassReply reply = EngineWire.ToReply(answer, call);
                Count(call.Tile, reply.ByteLength);
                return _parcels.Fit("The mass of one query row", reply.ByteLength, reply, reply.In);
            }),
            entry.Token);
    }

    public Task<CallProgress> AskAsync(Guid callId) => Task.FromResult(_calls.Ask(callId));

    public Task CancelAsync(Guid callId)
    {
        _calls.Cancel(callId);
        return Task.CompletedTask;
    }

    public Task<ParcelPart> FetchAsync(Guid id, int part) => Task.FromResult(_parcels.Fetch(id, part));

    public Task RetainAsync(ShardRef[] shards, Guid holder) =>
        _shards.Registry.RetainAsync(shards.Select(EngineWire.ToId), holder, CancellationToken.None).AsTask();

    public async Task ReleaseAsync(ShardRef[] shards, Guid holder)
    {
        ShardId[] ids = [.. shards.Select(EngineWire.ToId)];
        await _shards.Registry.ReleaseAsync(ids, holder, CancellationToken.None);
        foreach (ShardId id in ids)
        {
            if (_shards.Registry.IsForgotten(id))
            {
                _active.Deactivate(id);
            }
        }
    }

    public Task<long> GetResidentBytesAsync(ShardRef[] shards) =>
        Task.FromResult(shards.Sum(s => _shards.Registry.ResidentBytes(EngineWire.ToId(s))));

    public Task<QuerySample?> GetQueryAsync(Guid sequence) => Task.FromResult(_queries.Find(sequence));

    public async Task<SiloLoad> GetLoadAsync()
    {
        _queries.Look();
        SiloReport report = await GetReportAsync();
        return await Task.Run(() => _load.Look(report)); // sorting shards is no work for a turn
    }

    public Task<SiloReport> GetReportAsync()
    {
        (int shards, long positions) = _shards.Registry.Count();
        SiloAddress gateway = _silo.GatewayAddress;
        return Task.FromResult(new SiloReport
        {
            Silo = _silo.SiloAddress.ToParsableString(),
            Name = _silo.Name,
            Gateway = gateway is null || gateway.Endpoint.Port == 0 ? "" : gateway.Endpoint.ToString(),
            ProcessId = Environment.ProcessId,
            Shards = shards,
            Positions = positions,
            ResidentBytes = _shards.Registry.Budget.UsedBytes,
            BudgetBytes = _shards.Registry.Budget.LimitBytes,
            ComputeThreads = _pool.Threads,
            QueuedJobs = _pool.QueuedJobs,
            Sequences = _sequences.Count,
            BytesMoved = _traffic.Bytes,
            Storage = _storage.Mark,
            Leaves = _silos.IsLeaving(_silos.Self),
        });
    }

    public Task<bool> HoldsAsync(string grainType, string key) => Task.FromResult(grainType switch
    {
        SequenceGrain.TypeName => _sequences.Contains(key),
        KvShardGrain.TypeName => ShardId.Parse(key) is var id && !_shards.Registry.IsGivenAway(id) && _shards.Registry.ResidentBytes(id) > 0,
        _ => false,
    });

    public Task WitnessAsync(NamedSequence sequence, bool exists)
    {
        if (exists)
        {
            _sequences.Witness(sequence);
        }
        else
        {
            _sequences.Forget(sequence);
        }

        return Task.CompletedTask;
    }

    public Task FollowAsync(FollowNote[] shards)
    {
        _ = Task.Run(() => _follower.Follow(shards.Select(static n => new FollowedShard(EngineWire.ToId(n.Shard), n.Rows, n.Fence, n.Bytes)))); // reading is no work for a turn
        return Task.CompletedTask;
    }

    public Task UnfollowAsync(ShardRef[] shards)
    {
        foreach (ShardRef shard in shards)
        {
            _follower.Unfollow(EngineWire.ToId(shard));
        }

        return Task.CompletedTask;
    }

    public Task<int> WarmAsync(FollowNote[] shards) =>
        Task.Run(() => _follower.WarmAsync([.. shards.Select(static n => new FollowedShard(EngineWire.ToId(n.Shard), n.Rows, n.Fence, n.Bytes))], CancellationToken.None));

    public Task SendAfterAsync(ShardRef[] shards, string to)
    {
        foreach (ShardRef shard in shards)
        {
            _active.Migrate(EngineWire.ToId(shard), new OwnerId(to));
        }

        return Task.CompletedTask;
    }

    public Task LetGoAsync(ShardRef[] shards)
    {
        foreach (ShardId id in shards.Select(EngineWire.ToId))
        {
            if (_shards.Registry.Store.IsDurable)
            {
                _shards.Registry.Evict(id);
            }
            else
            {
                _shards.Registry.Drop(id);
            }
        }

        return Task.CompletedTask;
    }

    public Task<ResidentShard[]> GetResidentsAsync() =>
        Task.FromResult(_shards.Registry.Residents().Select(static r => new ResidentShard(EngineWire.ToRef(r.Id), r.Bytes, r.Heat)).ToArray());

    public Task LeavingAsync(string silo, bool leaves)
    {
        _silos.Leaves(new OwnerId(silo), leaves);
        return Task.CompletedTask;
    }

    public Task<NamedSequence[]> GetSequencesAsync() => Task.FromResult(_sequences.All());

    /// <summary>Counts what came and went.</summary>
    private void Count(TileCall call, long answered)
    {
        _traffic.Add(call.Q.ByteLength + answered);
        _meter.Received(call.Q.ByteLength + call.Mask.Bytes.Length);
        _meter.Sent(answered);
    }

    /// <summary>Its deadline is looked after by whoever coordinates the call.</summary>
    private static CallCost CostOf(TileRequest request)
    {
        SequenceSpec spec = request.Spec;
        long positions = request.Shards.Sum(static s => (long)s.Length);
        CallCost cost = CallCosts.OfAttend(request.Caller, spec, request.Rows, 0, CompiledMask.Compile(AttentionMask.Full), positions, Timeout.InfiniteTimeSpan);
        return cost with { Bytes = ((long)request.Q.Length + ((long)request.Nodes.Count * PooledPartial.LengthOf(request.Rows, spec.NumHeadsQ, spec.HeadDimV))) * sizeof(float) };
    }
}
