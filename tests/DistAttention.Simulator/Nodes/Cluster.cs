using System.Collections.Immutable;
using DistAttention.Engine.Compute;
using DistAttention.Engine.Ledger;
using DistAttention.Engine.Shards;
using DistAttention.Simulator.Disks;
using DistAttention.Simulator.Histories;
using DistAttention.Simulator.Networks;
using DistAttention.Simulator.Planting;
using DistAttention.Simulator.Worlds;

namespace DistAttention.Simulator.Nodes;

/// <summary>The silos, what they share, and where each sequence's ledger is believed to be.</summary>
internal sealed class Cluster : IShardPlacement
{
    private readonly Node?[] _nodes;
    private readonly Dictionary<SequenceId, Node> _homes = [];
    private int _starts;

    public Cluster(World world, int machines, Network network, ComputePool pool, PlantedBug? bug)
    {
        World = world;
        Network = network;
        Pool = pool;
        Bug = bug ?? PlantedBug.None;
        Faults = new DiskFaults(world);
        Disk = new SimulatedVolume { Clock = world.Time.GetUtcNow };
        History = new History(world);
        _nodes = new Node?[machines];
        for (int i = 0; i < machines; i++)
        {
            Start(i);
        }
    }

    public World World { get; }

    public Network Network { get; }

    public ComputePool Pool { get; }

    public PlantedBug Bug { get; }

    public SimulatedVolume Disk { get; }

    public DiskFaults Faults { get; }

    public History History { get; }

    public int Machines => _nodes.Length;

    /// <summary>Memory that each silo may use for rows.</summary>
    public long MemoryBytes { get; set; } = long.MaxValue;

    /// <summary>Whether a late owner is not waited for.</summary>
    public bool Hedges { get; set; }

    /// <summary>Whether silos keep second copies of others' shards warm.</summary>
    public bool Follows { get; set; }

    /// <summary>Whether a late ledger's state is read from the store.</summary>
    public bool ReadsStored { get; set; }

    /// <summary>Chance that a ledger is looked for at a silo that is not its home: a directory may hold several for a while.</summary>
    public double Misdirections { get; set; }

    public IReadOnlyList<Node> Running => [.. _nodes.Where(static n => n is not null).Select(static n => n!)];

    public Node? this[int machine] => _nodes[machine];

    public void Start(int machine)
    {
        if (_nodes[machine] is null)
        {
            _nodes[machine] = new Node(this, machine, $"silo{machine}.{++_starts}");
            World.Note($"{_nodes[machine]!.Place} starts");
        }
    }

    public void Kill(int machine)
    {
        if (_nodes[machine] is { } node)
        {
            World.Note($"{node.Place} is killed");
            _nodes[machine] = null;
            node.End();
        }
    }

    public Node? Find(OwnerId owner) => Array.Find(_nodes, n => n is not null && n.Owner == owner);

    /// <summary>Who keeps second copies of what a silo owns: the next one that runs.</summary>
    public Node? ReplicaOf(OwnerId owner)
    {
        int at = Array.FindIndex(_nodes, n => n?.Owner == owner);
        return Enumerable.Range(1, _nodes.Length).Select(i => _nodes[(at + i) % _nodes.Length]).FirstOrDefault(n => n is not null && n.Owner != owner);
    }

    /// <summary>Who to ask for a sequence's ledger.</summary>
    public Node? HomeOf(SequenceId id)
    {
        IReadOnlyList<Node> running = Running;
        if (running.Count == 0)
        {
            return null;
        }

        if (World.Happens(Misdirections))
        {
            World.Counters.Add("fault: second activation");
            return World.Pick(running);
        }

        if (!_homes.TryGetValue(id, out Node? home) || home.Place.Life.Dead)
        {
            _homes[id] = home = World.Pick(running);
        }

        return home;
    }

    /// <summary>A silo's ledger did not answer: from now on another one's is asked, while the first may live on.</summary>
    public void Suspect(SequenceId id, Node home)
    {
        if (_homes.GetValueOrDefault(id) == home && World.Happens(0.5))
        {
            _homes.Remove(id);
        }
    }

    OwnerId IShardPlacement.Choose(SequenceSpec spec, ImmutableArray<ShardEntry> shards, long end)
    {
        IReadOnlyList<Node> running = Running;
        return running.Count == 0 ? new OwnerId("nobody") : World.Pick(running).Owner;
    }

    OwnerId? IShardPlacement.ChooseInstead(SequenceSpec spec, ImmutableArray<ShardEntry> shards, int index)
    {
        List<Node> others = [.. Running.Where(n => n.Owner != shards[index].Owner)];
        return others.Count == 0 ? null : World.Pick(others).Owner;
    }

    public void Dispose()
    {
        for (int i = 0; i < _nodes.Length; i++)
        {
            Kill(i);
        }
    }
}
