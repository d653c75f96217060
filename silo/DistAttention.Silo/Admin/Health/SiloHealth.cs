using Microsoft.Extensions.Hosting;
using Orleans.Runtime;

namespace DistAttention.Silo.Admin.Health;

/// <summary>
/// How the silo stands, from what this process knows: nothing here calls a grain or another silo, so that no trouble of others makes this
/// silo look sick.
/// </summary>
internal sealed class SiloHealth(IHostApplicationLifetime lifetime, ISiloStatusOracle membership, IEnumerable<IReadinessCondition> conditions)
{
    private readonly IReadinessCondition[] _conditions = [.. conditions];

    /// <summary>Why the silo counts as not started; null once it has joined the cluster, for good.</summary>
    public string? StartupProblem => lifetime.ApplicationStarted.IsCancellationRequested ? null : "starting";

    /// <summary>Why the silo should get no calls; null if it should.</summary>
    public string? ReadinessProblem =>
        lifetime.ApplicationStopping.IsCancellationRequested ? "stopping"
        : StartupProblem is { } starting ? starting
        : membership.CurrentStatus != SiloStatus.Active ? $"the cluster takes this silo for {membership.CurrentStatus}"
        : _conditions.Select(static c => c.Problem).FirstOrDefault(static p => p is not null);

    /// <summary>Why the process should be ended; null if it should not. A silo that others took for dead cannot come back.</summary>
    public string? LivenessProblem =>
        membership.CurrentStatus == SiloStatus.Dead && !lifetime.ApplicationStopping.IsCancellationRequested ? "the cluster takes this silo for dead" : null;
}
