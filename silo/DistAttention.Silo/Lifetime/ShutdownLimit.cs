using DistAttention.Silo.Options;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace DistAttention.Silo.Lifetime;

/// <summary>Ends the process when a stop takes longer than it may, whatever hangs.</summary>
internal sealed partial class ShutdownLimit(IHostApplicationLifetime lifetime, IOptions<HostingOptions> options, ILogger<ShutdownLimit> log)
    : IHostedService, IDisposable
{
    // The host itself gives up at the limit and disposes; only what does not react to that needs more.
    private static readonly TimeSpan _grace = TimeSpan.FromSeconds(2);
    private Timer? _timer;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        TimeSpan limit = options.Value.ShutdownTimeout;
        lifetime.ApplicationStopping.Register(() => _timer = new Timer(_ => End(limit), null, limit + _grace, Timeout.InfiniteTimeSpan));
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _timer?.Dispose();

    private void End(TimeSpan limit)
    {
        LogNotDrained(log, limit);
        Environment.Exit(ExitCode.NotDrained);
    }
}
