using DistAttention.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace DistAttention.Silo.Storage;

/// <summary>Gives back, from time to time, the space of shards that no sequence holds. Every silo may do it; twice is once.</summary>
internal sealed partial class StorageSweep(DurableStorage storage, TimeSpan every, TimeProvider time, ILogger<StorageSweep> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PeriodicTimer timer = new(every, time);
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
        {
            try
            {
                int deleted = await storage.SweepAsync(time, stoppingToken).ConfigureAwait(false);
                if (deleted > 0)
                {
                    Swept(deleted);
                }
            }
            catch (DistAttentionException e)
            {
                Failed(e);
            }
        }
    }
}
