using DistAttention.Simulator.Nodes;
using DistAttention.Simulator.Worlds;

namespace DistAttention.Simulator.Faults;

/// <summary>Makes things go wrong, one after the other, until it is told to stop.</summary>
internal sealed class Nemesis(World world, Cluster cluster, int clients)
{
    private bool _stopped;

    /// <summary>Mean pause between two faults; 0 for none at all.</summary>
    public double PauseMs { get; set; }

    public void Start() => Next();

    public void Stop() => _stopped = true;

    private void Next()
    {
        if (PauseMs > 0 && !_stopped)
        {
            world.Events.After(world.Ticks(1, 3 * PauseMs), () =>
            {
                if (!_stopped)
                {
                    Strike();
                    Next();
                }
            });
        }
    }

    private void Strike()
    {
        int machine = world.Below(cluster.Machines);
        switch (world.Below(100))
        {
            case < 30:
                Count("kill");
                cluster.Kill(machine);
                Later(() => cluster.Start(machine), 3000);
                break;
            case < 36:
                Count("power loss");
                PowerLoss();
                break;
            case < 56:
                Count("partition");
                Partition(machine);
                break;
            case < 76:
                if (cluster[machine] is { } node)
                {
                    Count("pause");
                    long pause = world.Ticks(1, 5000);
                    world.Note($"{node.Place} is paused for {TimeSpan.FromTicks(pause).TotalMilliseconds} ms");
                    node.Place.Life.PauseFor(pause);
                }

                break;
            case < 92:
                Count("failing disk");
                cluster.Faults.Errors = world.Pick([0.02, 0.1, 0.3]);
                Later(() => cluster.Faults.Errors = 0, 600);
                break;
            default:
                Count("full disk");
                cluster.Faults.Full = true;
                Later(() => cluster.Faults.Full = false, 1000);
                break;
        }
    }

    /// <summary>All machines stop at once; what was not synced may be gone.</summary>
    public void PowerLoss()
    {
        for (int i = 0; i < cluster.Machines; i++)
        {
            cluster.Kill(i);
        }

        cluster.Disk.Crash(new Random(world.Below(int.MaxValue)));
        for (int i = 0; i < cluster.Machines; i++)
        {
            int machine = i;
            Later(() => cluster.Start(machine), 2000);
        }
    }

    private void Partition(int machine)
    {
        int places = cluster.Machines + clients;
        bool alone = world.Happens(0.5);
        for (int a = 0; a < places; a++)
        {
            for (int b = a + 1; b < places; b++)
            {
                if (alone ? (a == machine || b == machine) && world.Happens(0.8) : world.Happens(0.3))
                {
                    cluster.Network.Cut(a, b);
                }
            }
        }

        world.Note($"the network is cut around silo{machine}");
        Later(cluster.Network.Mend, 4000);
    }

    private void Later(Action action, double toMs) => world.Events.After(world.Ticks(1, toMs), action);

    private void Count(string what) => world.Counters.Add("fault: " + what);
}
