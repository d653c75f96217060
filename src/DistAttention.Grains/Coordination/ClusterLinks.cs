using System.Collections.Concurrent;
using DistAttention.Contracts;
using DistAttention.Engine.Execution;
using DistAttention.Engine.Ledger;
using DistAttention.Engine.Shards;
using DistAttention.Engine.Telemetry;
using Microsoft.Extensions.Options;
using Orleans.Runtime;
using Orleans.Runtime.Placement;
using Orleans.Serialization;

namespace DistAttention.Grains;

/// <summary>What this silo needs to reach the others. One per silo.</summary>
internal sealed class ClusterLinks
{
    /// <summary>Calls with a tile or its answer that may be under way to one silo at a time: bounds the bytes in flight per peer.</summary>
    private const int TilesPerPeer = 16;

    private readonly ConcurrentDictionary<OwnerId, SemaphoreSlim> _peers = new();
    private readonly ConcurrentDictionary<OwnerId, WorkRate> _rates = new();
    private readonly TimeSpan _hedgeTime;

    public ClusterLinks(IGrainFactory grains, ClusterSilos silos, PeerWatch watch, ILedgerStore ledgers, ShardService shards, TrafficMeter traffic, AttentionMeter meter, QuerySamples queries, CallBook calls, Serializer serializer, IOptions<DistAttentionOptions> options, TimeProvider time)
    {
        Grains = grains;
        Silos = silos;
        Watch = watch;
        _hedgeTime = options.Value.HedgeTime;
        Stored = shards.Registry.Store.IsDurable ? new StoredSnapshots(ledgers, _hedgeTime, static e => e is OrleansException or TimeoutException, time) : null;
        Shards = shards;
        Traffic = traffic;
        Meter = meter;
        Queries = queries;
        Serializer = serializer;
        Times = new AttemptTimes(options.Value.MinAttemptTime, options.Value.ProbeTimeout, options.Value.StallTime, time) { OnProgress = calls.Hear };
    }

    public IGrainFactory Grains { get; }

    public ClusterSilos Silos { get; }

    public PeerWatch Watch { get; }

    /// <summary>Tells ledgers of silos that are gone.</summary>
    public ShardMoves Moving { get; } = new();

    /// <summary>Reads ledgers that are late; null where they are nowhere else.</summary>
    public StoredSnapshots? Stored { get; }

    public ShardService Shards { get; }

    public TrafficMeter Traffic { get; }

    public AttentionMeter Meter { get; }

    public QuerySamples Queries { get; }

    public AttemptTimes Times { get; }

    /// <summary>Whether any silo can read any shard back.</summary>
    public bool IsDurable => Shards.Registry.Store.IsDurable;

    public Serializer Serializer { get; }

    public IKvShardGrain ShardGrain(ShardId shard, OwnerId owner) => Grains.GetGrain<IKvShardGrain>(EngineWire.ToRef(shard).GrainKey);

    /// <summary>Makes a call whose grain, if it is not active yet, is to be placed on a silo.</summary>
    public Task<T> WithHint<T>(OwnerId owner, Func<Task<T>> call)
    {
        RequestContext.Set(IPlacementDirector.PlacementHintKey, ClusterSilos.AddressOf(owner));
        try
        {
            return call();
        }
        finally
        {
            RequestContext.Remove(IPlacementDirector.PlacementHintKey);
        }
    }

    /// <summary>Who else can answer for a silo without reading everything back, and when to ask.</summary>
    /// <param name="owner">The silo.</param>
    /// <param name="work">The call's work.</param>
    public Hedge? HedgeOf(OwnerId owner, double work)
    {
        if (owner == Silos.Self || Silos.ReplicaOf(owner) is not { } second)
        {
            return null;
        }

        TimeSpan expected = AttemptTimes.Patience * (_rates.TryGetValue(owner, out WorkRate? rate) ? rate.Predict(work) : TimeSpan.Zero);
        return new Hedge(second, Silos.IsDead(owner) ? TimeSpan.Zero : expected > _hedgeTime ? expected : _hedgeTime);
    }

    /// <summary>Makes a call under the time that a silo should take for it, as fast as it was of late.</summary>
    /// <param name="owner">The silo.</param>
    /// <param name="work">The call's work.</param>
    /// <param name="call">The call.</param>
    public async Task<T> TimedAsync<T>(OwnerId owner, double work, Func<AttemptTimes, Task<T>> call)
    {
        WorkRate rate = _rates.GetOrAdd(owner, static _ => new WorkRate());
        long started = Times.Time.GetTimestamp();
        T answer = await call(Times.For(rate.Predict(work))).ConfigureAwait(false);
        rate.Measured(work, Times.Time.GetElapsedTime(started));
        return answer;
    }

    /// <summary>Waits until another tile may be sent to a silo.</summary>
    public async ValueTask<IDisposable> EnterAsync(OwnerId owner, CancellationToken cancellationToken)
    {
        SemaphoreSlim peer = _peers.GetOrAdd(owner, static _ => new SemaphoreSlim(TilesPerPeer));
        await peer.WaitAsync(cancellationToken).ConfigureAwait(false);
        return new Room(peer);
    }

    private sealed class Room(SemaphoreSlim peer) : IDisposable
    {
        public void Dispose() => peer.Release();
    }
}
