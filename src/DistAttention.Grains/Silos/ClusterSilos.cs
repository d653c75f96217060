using System.Collections.Concurrent;
using DistAttention.Contracts;
using DistAttention.Engine.Shards;
using Microsoft.Extensions.Options;
using Orleans.Runtime;

namespace DistAttention.Grains;

/// <summary>The silos of the cluster as this one sees them: who lives, and what each said last of its memory.</summary>
internal sealed class ClusterSilos : ISiloMemory, IClusterLoads
{
    private static readonly TimeSpan _replicaAge = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan _deathWatch = TimeSpan.FromMilliseconds(200);

    private readonly ISiloStatusOracle _oracle;
    private readonly ShardHostClient _hosts;
    private readonly IShardStore _store;
    private readonly DistAttentionOptions _options;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _refreshing = new(1, 1);
    private readonly ConcurrentDictionary<OwnerId, (OwnerId? Replica, long At)> _replicas = new();
    private readonly ConcurrentDictionary<OwnerId, bool> _leaving = new();
    private volatile Published _published = new(new Dictionary<string, SiloReport>(), long.MinValue);

    public ClusterSilos(ISiloStatusOracle oracle, ShardHostClient hosts, IShardStore store, IOptions<DistAttentionOptions> options, TimeProvider time)
    {
        _store = store;
        _oracle = oracle;
        _hosts = hosts;
        _options = options.Value;
        _time = time;
        Self = OwnerOf(oracle.SiloAddress);
    }

    /// <summary>This silo, as owners are named.</summary>
    public OwnerId Self { get; }

    public static OwnerId OwnerOf(SiloAddress silo) => new(silo.ToParsableString());

    public static SiloAddress AddressOf(OwnerId owner) => SiloAddress.FromParsableString(owner.Value);

    public IShardHostService Host(OwnerId owner) => _hosts.On(AddressOf(owner));

    public bool IsDead(OwnerId owner) => owner != Self && _oracle.IsDeadSilo(AddressOf(owner));

    /// <summary>Waits for a call to a silo, or until that one is declared dead: an answer of it will not come any more.</summary>
    /// <param name="owner">The silo.</param>
    /// <param name="call">The call.</param>
    /// <exception cref="SiloUnavailableException">It is dead.</exception>
    public async Task<T> WhileAliveAsync<T>(OwnerId owner, Task<T> call)
    {
        while (await Task.WhenAny(call, Task.Delay(_deathWatch, _time)).ConfigureAwait(false) != call)
        {
            if (IsDead(owner))
            {
                _ = call.ContinueWith(static t => _ = t.Exception, TaskScheduler.Default);
                throw new SiloUnavailableException($"Silo {owner} is dead.");
            }
        }

        return await call.ConfigureAwait(false);
    }

    /// <summary>Live silos, in the order of their addresses.</summary>
    public IReadOnlyList<OwnerId> Live()
    {
        IEnumerable<SiloAddress> active = _oracle.GetApproximateSiloStatuses(onlyActive: true).Keys;
        OwnerId[] live = [.. active.Order().Select(OwnerOf)];
        return live.Length > 0 ? live : [Self];
    }

    /// <summary>Whether a silo is to leave: it answers, and gets nothing new.</summary>
    public bool IsLeaving(OwnerId silo) => _leaving.ContainsKey(silo);

    /// <summary>Takes note that a silo is to leave, or is to stay after all.</summary>
    public void Leaves(OwnerId silo, bool leaves)
    {
        if (!leaves)
        {
            _leaving.TryRemove(silo, out _);
        }
        else if (_leaving.TryAdd(silo, true))
        {
            foreach (OwnerId gone in _leaving.Keys.Where(IsDead))
            {
                _leaving.TryRemove(gone, out _);
            }
        }
    }

    /// <summary>Live silos that are not to leave, in the order of their addresses; all of them if none stays.</summary>
    public IReadOnlyList<OwnerId> Staying()
    {
        IReadOnlyList<OwnerId> live = Live();
        OwnerId[] staying = [.. live.Where(s => !IsLeaving(s))];
        return staying.Length > 0 ? staying : live;
    }

    IReadOnlyList<OwnerId> ISiloMemory.Live() => Staying();

    /// <summary>
    /// The next one in the order of addresses, so that every silo agrees without asking: it is the one that keeps second copies, where
    /// copies are kept, and neighbouring shards stay together.
    /// </summary>
    public OwnerId? TakesOverFrom(OwnerId owner)
    {
        if (!_store.IsDurable)
        {
            return null;
        }

        SiloAddress address = AddressOf(owner);
        SiloAddress[] others = [.. Staying().Where(s => s != owner).Select(AddressOf).Order()];
        SiloAddress? next = others.FirstOrDefault(s => s.CompareTo(address) > 0) ?? others.FirstOrDefault();
        return next is null ? null : OwnerOf(next);
    }

    /// <summary>Whether second copies of shards are kept.</summary>
    public bool KeepsReplicas => _options.Replicas > 1 && _store.IsDurable;

    /// <summary>The silo that keeps second copies of what one owns; null if none does. It is the one that takes over.</summary>
    /// <param name="owner">A silo, live or not.</param>
    /// <remarks>Asked for every part of every query, so it may be out of date for a moment: then a copy is asked that is not warm.</remarks>
    public OwnerId? ReplicaOf(OwnerId owner)
    {
        if (!KeepsReplicas)
        {
            return null;
        }

        if (_replicas.TryGetValue(owner, out (OwnerId? Replica, long At) known) && _time.GetElapsedTime(known.At) < _replicaAge)
        {
            return known.Replica;
        }

        OwnerId? replica = TakesOverFrom(owner);
        _replicas[owner] = (replica, _time.GetTimestamp());
        return replica;
    }

    /// <summary>Bytes of K/V that a silo said it can still take; null if it has not said.</summary>
    public long? FreeBytes(OwnerId owner) =>
        _published.Reports.TryGetValue(owner.Value, out SiloReport? report) ? report.BudgetBytes - report.ResidentBytes : null;

    /// <summary>Asks every live silo, unless they were asked just now. A silo that does not answer in time keeps its last word.</summary>
    public async Task RefreshAsync()
    {
        if (IsFresh())
        {
            return;
        }

        await _refreshing.WaitAsync().ConfigureAwait(false);
        try
        {
            if (!IsFresh())
            {
                Dictionary<string, SiloReport> reports = new(_published.Reports);
                foreach (SiloReport report in await AskAllAsync().ConfigureAwait(false))
                {
                    reports[report.Silo] = report;
                }

                _published = new Published(reports, _time.GetTimestamp());
            }
        }
        finally
        {
            _refreshing.Release();
        }
    }

    /// <summary>The reports of all live silos that answer in time, in the order of their addresses.</summary>
    public async Task<IReadOnlyList<SiloReport>> AskAllAsync()
    {
        IEnumerable<Task<SiloReport?>> asked = Live().Select(AskAsync);
        SiloReport?[] answers = await Task.WhenAll(asked).ConfigureAwait(false);
        SiloReport[] reports = [.. answers.OfType<SiloReport>()];
        foreach (SiloReport report in reports)
        {
            Leaves(new OwnerId(report.Silo), report.Leaves); // whoever was told nothing learns it here
        }

        return reports;
    }

    async Task<IReadOnlyList<SiloLoad>> IClusterLoads.AskAsync()
    {
        SiloLoad?[] answers = await Task.WhenAll(Live().Select(silo => AskIfKnownAsync(silo, static host => host.GetLoadAsync()!))).ConfigureAwait(false);
        return [.. answers.OfType<SiloLoad>()];
    }

    async Task<QuerySample?> IClusterLoads.NewestQueryAsync(Guid sequence)
    {
        QuerySample?[] answers = await Task.WhenAll(Live().Select(silo => AskIfKnownAsync(silo, host => host.GetQueryAsync(sequence)))).ConfigureAwait(false);
        return answers.OfType<QuerySample>().MinBy(static q => q.Age);
    }

    /// <summary>Asks what a silo of an earlier version does not know, and says so in its own way.</summary>
    private async Task<T?> AskIfKnownAsync<T>(OwnerId silo, Func<IShardHostService, Task<T?>> ask)
        where T : class
    {
        try
        {
            return await AskAsync<T>(silo, async host => (await ask(host).ConfigureAwait(false))!).ConfigureAwait(false);
        }
        catch (Exception e) when (silo != Self && e is not OutOfMemoryException)
        {
            return null;
        }
    }

    private Task<SiloReport?> AskAsync(OwnerId silo) => AskAsync(silo, static host => host.GetReportAsync());

    private async Task<T?> AskAsync<T>(OwnerId silo, Func<IShardHostService, Task<T>> ask)
        where T : class
    {
        try
        {
            return await ask(Host(silo)).WaitAsync(_options.ProbeTimeout, _time).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OrleansException or TimeoutException)
        {
            return null;
        }
    }

    private bool IsFresh() => _published.At != long.MinValue && _time.GetElapsedTime(_published.At) < _options.ReportMaxAge;

    private sealed record Published(IReadOnlyDictionary<string, SiloReport> Reports, long At);
}
