using DistAttention.Engine.Compute;
using DistAttention.Engine.Ledger;
using DistAttention.Kernels;
using DistAttention.Simulator.Checking;
using DistAttention.Simulator.Clients;
using DistAttention.Simulator.Faults;
using DistAttention.Simulator.Histories;
using DistAttention.Simulator.Networks;
using DistAttention.Simulator.Nodes;
using DistAttention.Simulator.Planting;
using DistAttention.Simulator.Worlds;
using DistAttention.Storage;

namespace DistAttention.Simulator.Running;

/// <summary>One seed from the beginning to the verdict: clients work while faults strike; then all heals, restarts, and everything is read once more.</summary>
internal sealed class Simulation
{
    private static readonly TimeSpan _mostTime = TimeSpan.FromHours(8);

    private readonly World _world;
    private readonly Cluster _cluster;
    private readonly Network _network;
    private readonly Nemesis _nemesis;
    private readonly Clients.Directory _directory;
    private readonly List<Client> _clients = [];
    private readonly long _blockBytes = KvLayout.Of(Workload.Spec).BlockBytes;
    private bool _done;

    private Simulation(World world, ComputePool pool, PlantedBug? bug)
    {
        _world = world;
        _network = new Network(world);
        _directory = new Clients.Directory(world);
        _cluster = new Cluster(world, world.Between(2, 4), _network, pool, bug);
        int clients = world.Between(1, 3);
        for (int i = 0; i < clients; i++)
        {
            _clients.Add(new Client(world, _cluster, _directory, i));
        }

        _nemesis = new Nemesis(world, _cluster, clients);
    }

    /// <summary>Runs a seed.</summary>
    /// <param name="seed">Decides everything.</param>
    /// <param name="pool">Where kernels run; inline.</param>
    /// <param name="expected">What answers must be.</param>
    /// <param name="bug">A bug to plant; null for none.</param>
    /// <param name="tracing">Whether to write down what happens.</param>
    public static World Run(ulong seed, ComputePool pool, Expected expected, PlantedBug? bug, bool tracing)
    {
        World world = new(seed, tracing);
        Simulation simulation = new(world, pool, bug);
        bool ended = Driver.Run(world.Events, () => world.Run(simulation.RunAsync), () => simulation._done || world.Violation is not null || world.Now > _mostTime.Ticks);
        if (!simulation._done)
        {
            world.Fail(ended ? $"it does not come to an end in {_mostTime}" : "it waits for something that never happens");
        }

        simulation._cluster.Dispose();
        if (world.Violation is null)
        {
            simulation.Check(expected);
        }

        return world;
    }

    private async Task RunAsync()
    {
        if (_world.Happens(0.9))
        {
            _network.Loss = _world.Pick([0, 0.01, 0.05]);
            _network.Repeats = _world.Pick([0, 0.05, 0.2]);
            _network.Stragglers = _world.Pick([0, 0.02, 0.1]);
            _cluster.Faults.Slow = _world.Pick([0, 0.1, 0.3]);
            _cluster.Misdirections = _world.Pick([0, 0.02, 0.1]);
            _cluster.MemoryBytes = _world.Happens(0.3) ? 40 * _blockBytes : long.MaxValue;
            _nemesis.PauseMs = _world.Pick([0, 100, 300, 1000]);
        }

        _cluster.Hedges = _world.Happens(0.3);
        _cluster.Follows = _world.Happens(0.5);
        _cluster.ReadsStored = _world.Happens(0.5);
        _nemesis.Start();
        int calls = _world.Between(5, 14);
        await Task.WhenAll(_clients.Select(c => c.RunAsync(calls))).ConfigureAwait(false);
        _nemesis.Stop();
        await VerifyAsync().ConfigureAwait(false);
        _done = true;
    }

    /// <summary>Everything heals, all silos start again, perhaps after a loss of power; then what was acknowledged must be there.</summary>
    private async Task VerifyAsync()
    {
        _world.Note($"everything heals");
        _network.Heal();
        _cluster.Faults.Heal();
        _cluster.Misdirections = 0;
        _cluster.MemoryBytes = long.MaxValue;
        await _world.DelayAsync(TimeSpan.FromSeconds(10).Ticks).ConfigureAwait(false);
        if (_world.Happens(0.5))
        {
            _nemesis.PowerLoss();
        }

        for (int i = 0; i < _cluster.Machines; i++)
        {
            _cluster.Kill(i);
            _cluster.Start(i);
        }

        await SweepAsync().ConfigureAwait(false);
        foreach (SequenceRef sequence in StoredSequences())
        {
            if (!await _clients[0].ReadAllAsync(sequence).ConfigureAwait(false) && MustBeThere(sequence))
            {
                throw new ViolationException($"'{sequence.Id}' does not answer after everything has healed");
            }
        }

        await ReclaimAsync().ConfigureAwait(false);
    }

    /// <summary>Everything is deleted: in the end no byte of a row may be left.</summary>
    private async Task ReclaimAsync()
    {
        foreach (SequenceRef sequence in StoredSequences().Where(MustBeThere))
        {
            await _clients[0].DeleteAsync(sequence).ConfigureAwait(false);
        }

        await SweepAsync().ConfigureAwait(false);
        if (_cluster.Disk.Paths("shards/") is [string left, ..])
        {
            throw new ViolationException($"everything is deleted, and there still is {left}");
        }
    }

    /// <summary>Much later, the space of what nobody holds is given back.</summary>
    private async Task SweepAsync()
    {
        await _world.DelayAsync(2 * FileStorage.SweepAge.Ticks).ConfigureAwait(false);
        Node node = _cluster[0]!;
        HashSet<Guid> live = [];
        await foreach (LedgerRecord record in node.FileLedger.ListAsync("", CancellationToken.None).ConfigureAwait(false))
        {
            live.Add(record.Uid);
        }

        int deleted = await node.Logs.SweepAsync(live, FileStorage.SweepAge, _world.Time.GetUtcNow(), CancellationToken.None).ConfigureAwait(false);
        _world.Counters.Add("shards swept", deleted);
        _world.Note($"{deleted} shards are swept");
    }

    /// <summary>Every sequence that may be there, whether or not a client was told.</summary>
    private List<SequenceRef> StoredSequences() =>
    [
        .. _cluster.History.Ledgers.SelectMany(static l => l.States.Concat(l.Unknown).Select(static s => s.Record).Where(static r => r is not null).Select(static r => (r!.Id, r.Uid)))
            .Distinct()
            .Select(static s => new SequenceRef(s.Id, s.Uid)),
    ];

    private bool MustBeThere(SequenceRef sequence)
    {
        LedgerHistory ledger = _cluster.History.Of(sequence.Id);
        return ledger.States.Count > 0 && ledger.States[^1].Record?.Uid == sequence.Uid && !ledger.Unknown.Any(static u => u.Record is null);
    }

    private void Check(Expected expected)
    {
        try
        {
            new Checker(_cluster.History, expected).Check();
        }
        catch (ViolationException e)
        {
            _world.Fail(e.Message);
        }
        finally
        {
            expected.Clear();
        }
    }
}
