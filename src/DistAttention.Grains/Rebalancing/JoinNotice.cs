using DistAttention.Contracts;
using Microsoft.Extensions.Options;
using Orleans.Runtime;

namespace DistAttention.Grains;

/// <summary>Says that this silo has joined, so that it gets its share. Nobody waits for it: without it, the silo gets what is new.</summary>
internal sealed class JoinNotice(IGrainFactory grains, ClusterSilos silos, IOptions<DistAttentionOptions> options, TimeProvider time) : ILifecycleParticipant<ISiloLifecycle>
{
    private const int Attempts = 5;

    private static readonly TimeSpan _pause = TimeSpan.FromSeconds(2);

    public void Participate(ISiloLifecycle lifecycle)
    {
        if (options.Value.RebalanceAfter > TimeSpan.Zero)
        {
            lifecycle.Subscribe(nameof(JoinNotice), ServiceLifecycleStage.Active + 1, Tell);
        }
    }

    private Task Tell(CancellationToken cancellationToken)
    {
        _ = Task.Run(TellAsync, CancellationToken.None);
        return Task.CompletedTask;
    }

    private async Task TellAsync()
    {
        for (int attempt = 0; attempt < Attempts; attempt++)
        {
            try
            {
                await grains.GetGrain<IRebalanceGrain>(0).JoinedAsync(silos.Self.Value).ConfigureAwait(false);
                return;
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                await Task.Delay(_pause, time).ConfigureAwait(false);
            }
        }
    }
}
