using DistAttention.Contracts.Membership;
using DistAttention.Silo.Options;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace DistAttention.Silo.Lifetime;

/// <summary>
/// Stops the silo when its owner is gone. The owner holds a lock that the system releases however the owner ends, kill −9 included;
/// a watched process id would live on in a zombie, or belong to another process.
/// </summary>
internal sealed partial class OwnerWatch(IHostApplicationLifetime lifetime, OwnerPresence owner, IOptions<HostingOptions> options, ILogger<OwnerWatch> log)
    : BackgroundService
{
    private static readonly TimeSpan _period = TimeSpan.FromMilliseconds(250);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        string path = options.Value.OwnerLock!;
        using PeriodicTimer timer = new(_period);
        do
        {
            if (OwnerIsGone(path))
            {
                LogOwnerIsGone(log, path);
                owner.IsGone = true;
                lifetime.StopApplication();
                return;
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false));
    }

    private static bool OwnerIsGone(string path)
    {
        if (!File.Exists(path))
        {
            return true; // it took the file along
        }

        using FolderLock? taken = FolderLock.TryAcquire(path);
        return taken is not null;
    }
}
