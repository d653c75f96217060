using Microsoft.Extensions.Logging;

namespace DistAttention.Silo.Admin.Dashboard;

internal sealed partial class ClusterWatch
{
    [LoggerMessage(EventId = 131, EventName = "NotSeen", Level = LogLevel.Debug, Message = "the dashboard could not look at the cluster")]
    private static partial void LogNotSeen(ILogger log, Exception error);
}
