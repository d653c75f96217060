using DistAttention.Contracts;
using Microsoft.Extensions.Options;
using Orleans.Concurrency;

namespace DistAttention.Grains;

/// <summary>
/// Where a cluster's runs of moving shards are. What is known of them is lost with its silo: what was moved stays moved, and the next run plans over
/// what there is.
/// </summary>
[Reentrant]
internal sealed class RebalanceGrain(ShardMover mover, ClusterSilos silos, IOptions<DistAttentionOptions> options, TimeProvider time) : Grain, IRebalanceGrain
{
    /// <summary>Above the time that a run, and those who ask for its end, may take.</summary>
    private static readonly TimeSpan _stay = TimeSpan.FromHours(6);

    private readonly RebalanceRuns _runs = new(mover, silos, options, time);

    public Task<RebalanceView> StartAsync(RebalanceCall call)
    {
        DelayDeactivation(_stay);
        return _runs.StartAsync(call);
    }

    public Task<RebalanceView?> GetAsync(Guid run) => Task.FromResult(_runs.Find(run));

    public Task JoinedAsync(string silo)
    {
        DelayDeactivation(_stay);
        _runs.Joined();
        return Task.CompletedTask;
    }
}
