using DistAttention.Engine.Execution;
using DistAttention.Engine.Ledger;
using DistAttention.Engine.Memory;
using DistAttention.Engine.Replicas;
using DistAttention.Engine.Shards;
using DistAttention.Simulator.Disks;
using DistAttention.Simulator.Networks;
using DistAttention.Simulator.Worlds;
using DistAttention.Storage;
using DistAttention.Storage.Files;

namespace DistAttention.Simulator.Nodes;

/// <summary>One silo process: the engine's parts, wired as a silo wires them, over the simulated disk and network.</summary>
internal sealed class Node
{
    private readonly ProcessVolume _volume;
    private readonly FileShardStore _logs;

    public Node(Cluster cluster, int machine, string name)
    {
        Cluster = cluster;
        Place = new Place(machine, name, new Life(cluster.World));
        Owner = new OwnerId(name);
        _volume = new ProcessVolume(cluster.World, Place.Life, cluster.Disk, cluster.Faults);
        IVolume volume = cluster.Bug.Volume(_volume, cluster.World);
        _logs = new FileShardStore(volume, cluster.World.NewId);
        FileLedger = new FileLedgerStore(volume);
        Ledgers = cluster.Bug.Ledgers(cluster.History.Watch(FileLedger), cluster.World);
        Registry = new ShardRegistry(new ByteBudget(cluster.MemoryBytes), cluster.Bug.Shards(_logs, cluster.World));
        Shards = new ShardService(Registry, cluster.Pool);
        Follower = new ShardFollower(Registry, cluster.World.Time);
        Gateway = cluster.Bug.Gateway(new NodeGateway(this), cluster.World);
        Executor = new QueryExecutor(Gateway, cluster.Pool, cluster.World.Time);
        Appender = new Appender(Gateway, writesInFlight: 2, cluster.World.Time);
        Hosted = new LedgerHost(this);
        Coordinator = new NodeCoordinator(this);
    }

    public Cluster Cluster { get; }

    public Place Place { get; }

    public OwnerId Owner { get; }

    public FileShardStore Logs => _logs;

    public FileLedgerStore FileLedger { get; }

    public ILedgerStore Ledgers { get; }

    public ShardRegistry Registry { get; }

    public ShardService Shards { get; }

    /// <summary>Keeps shards of others warm.</summary>
    public ShardFollower Follower { get; }

    public IShardGateway Gateway { get; }

    public QueryExecutor Executor { get; }

    public Appender Appender { get; }

    /// <summary>The ledgers that are active here.</summary>
    public LedgerHost Hosted { get; }

    public NodeCoordinator Coordinator { get; }

    /// <summary>The process ends at once.</summary>
    public void End()
    {
        Place.Life.End();
        Follower.Dispose();
        _volume.ReleaseLocks();
        Registry.Dispose();
        _logs.Dispose();
    }
}
