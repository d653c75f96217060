using DistAttention.Cli.Cluster.Local;
using DistAttention.Cli.Connecting;
using DistAttention.Cli.Output;
using DistAttention.Client;
using DistAttention.Contracts;

namespace DistAttention.Cli.Cluster.Connecting;

/// <summary>Computes on silos: those of a cluster that runs, or some that run as long as the verb.</summary>
internal sealed class ClusterHost : IAttentionHost
{
    private readonly DistAttentionClient _client;
    private readonly Func<CancellationToken, Task<DistAttentionClient>> _connect;
    private readonly OwnedCluster? _owned;

    private ClusterHost(DistAttentionClient client, Func<CancellationToken, Task<DistAttentionClient>> connect, OwnedCluster? owned, IReadOnlyList<SiloReport> silos)
    {
        _client = client;
        _connect = connect;
        _owned = owned;
        SiloCount = silos.Count;
        Threads = silos.Sum(static s => s.ComputeThreads);
        string[] threads = [.. silos.Select(static s => Units.Plural(s.ComputeThreads, "thread")).Distinct()];
        Workers = $"{Units.Plural(silos.Count, "silo")} of {(threads.Length == 1 ? threads[0] : $"{Threads} threads together")}";
    }

    public IAttentionClient Client => _client;

    public string Workers { get; }

    public int SiloCount { get; }

    public int Threads { get; }

    /// <summary>Uses a cluster that runs, or one that was started for this; that one then ends with this.</summary>
    public static async Task<ClusterHost> OpenAsync(Func<CancellationToken, Task<DistAttentionClient>> connect, OwnedCluster? owned, CancellationToken cancellationToken)
    {
        DistAttentionClient? client = null;
        try
        {
            client = await connect(cancellationToken).ConfigureAwait(false);
            return new ClusterHost(client, connect, owned, await client.GetClusterReportAsync(cancellationToken).ConfigureAwait(false));
        }
        catch
        {
            await EndAsync(client, owned).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Starts silos that end with this.</summary>
    public static async Task<ClusterHost> StartAsync(int silos, int? threadsPerSilo, CancellationToken cancellationToken)
    {
        OwnedCluster owned = await OwnedCluster.StartAsync(silos, threadsPerSilo, cancellationToken).ConfigureAwait(false);
        return await OpenAsync(token => owned.Local.ConnectAsync(null, token), owned, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A connection of its own.</summary>
    public async Task<IAttentionClient> OtherClientAsync(string name, CancellationToken cancellationToken) => await _connect(cancellationToken).ConfigureAwait(false);

    /// <summary>Bytes of tiles and partials that each silo has exchanged with others since it started.</summary>
    public async Task<IReadOnlyList<(string Silo, long Bytes)>> BytesBySiloAsync(CancellationToken cancellationToken) =>
        [.. InOrder(await _client.GetClusterReportAsync(cancellationToken).ConfigureAwait(false)).Select(static silo => (silo.Name, silo.BytesMoved))];

    public async Task<AttentionPlan> PlanAsync(SequenceSpec spec, long length, long rows, AttendOptions options, CancellationToken cancellationToken)
    {
        AttentionPlan plan = await _client.PlanAsync(spec, length, rows, options, cancellationToken).ConfigureAwait(false);
        Dictionary<string, string> names = (await _client.GetClusterReportAsync(cancellationToken).ConfigureAwait(false)).ToDictionary(static silo => silo.Silo, static silo => silo.Name);
        return plan with { Visits = [.. plan.Visits.Select(visit => visit with { Owner = names.GetValueOrDefault(visit.Owner, visit.Owner) })] };
    }

    public async Task<IReadOnlyList<OwnerShare>> SharesAsync(IAttentionSequence sequence, CancellationToken cancellationToken)
    {
        AttentionPlan plan = await sequence.ExplainAsync(1, null, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<SiloReport> silos = await _client.GetClusterReportAsync(cancellationToken).ConfigureAwait(false);
        return [.. InOrder(silos).Select(silo => ShareOf(silo, plan.Visits.Where(visit => visit.Owner == silo.Silo)))];
    }

    public ValueTask DisposeAsync() => EndAsync(_client, _owned);

    /// <summary>silo-2 before silo-10.</summary>
    private static IEnumerable<SiloReport> InOrder(IEnumerable<SiloReport> silos) =>
        silos.OrderBy(static silo => silo.Name.Length).ThenBy(static silo => silo.Name, StringComparer.Ordinal);

    private static OwnerShare ShareOf(SiloReport silo, IEnumerable<ShardVisit> visits)
    {
        List<PositionRange> ranges = [];
        int shards = 0;
        foreach (PositionRange positions in visits.Select(static visit => visit.Positions).OrderBy(static p => p.Start))
        {
            shards++;
            if (ranges.Count > 0 && ranges[^1].End == positions.Start)
            {
                ranges[^1] = new PositionRange(ranges[^1].Start, positions.End);
            }
            else
            {
                ranges.Add(positions);
            }
        }

        return new OwnerShare(silo.Name, silo.ProcessId, ranges, shards);
    }

    private static async ValueTask EndAsync(DistAttentionClient? client, OwnedCluster? owned)
    {
        owned?.Dispose(); // first: whatever the client still waits for, it need not
        if (client is not null)
        {
            await client.DisposeAsync().ConfigureAwait(false);
        }
    }
}
