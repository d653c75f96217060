using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace DistAttention.Silo.Lifetime;

internal sealed partial class ReadyLine
{
    [LoggerMessage(
        EventId = 100,
        EventName = "Ready",
        Level = LogLevel.Information,
        Message = "ready: silo {Name} of cluster {Cluster} at {Silo}, gateway {Gateway}, process {ProcessId}")]
    private static partial void LogReady(ILogger log, string name, string cluster, SiloAddress silo, string gateway, int processId);

    [LoggerMessage(EventId = 101, EventName = "Stopped", Level = LogLevel.Information, Message = "silo {Name} has stopped")]
    private static partial void LogStopped(ILogger log, string name);
}
