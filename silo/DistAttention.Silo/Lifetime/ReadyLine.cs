using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace DistAttention.Silo.Lifetime;

/// <summary>One line when the silo is active and takes calls, and one when it has left.</summary>
internal sealed partial class ReadyLine(ILocalSiloDetails silo, ILogger<ReadyLine> log) : IHostedLifecycleService
{
    public Task StartedAsync(CancellationToken cancellationToken)
    {
        LogReady(log, silo.Name, silo.ClusterId, silo.SiloAddress, silo.GatewayAddress?.Endpoint.ToString() ?? "none", Environment.ProcessId);
        return Task.CompletedTask;
    }

    public Task StoppedAsync(CancellationToken cancellationToken)
    {
        LogStopped(log, silo.Name);
        return Task.CompletedTask;
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
