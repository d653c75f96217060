using DistAttention.Grains;
using DistAttention.Silo.Admin.Health;
using DistAttention.Silo.Options;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace DistAttention.Silo.Lifetime;

/// <summary>Hands the silo's shards over before anything of it is stopped, unless whoever owns it has gone: then all silos end.</summary>
internal sealed class HandOver(SiloDeparture departure, OwnerPresence owner, IOptions<HostingOptions> options) : IHostedLifecycleService, IReadinessCondition
{
    /// <summary>Of the time that a stop may take, how much this may: the rest is for calls that run, and for leaving the cluster.</summary>
    private const double Share = 0.6;

    public string? Problem => departure.IsLeaving ? "it is drained" : null;

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        if (owner.IsGone)
        {
            return;
        }

        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(options.Value.ShutdownTimeout * Share);
        await departure.LeaveAsync(limit.Token).ConfigureAwait(false);
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

/// <summary>Whether the silo's owner is known to have gone.</summary>
internal sealed class OwnerPresence
{
    private volatile bool _isGone;

    public bool IsGone
    {
        get => _isGone;
        set => _isGone = value;
    }
}
