using Microsoft.Extensions.Logging;

namespace DistAttention.Grains;

internal sealed partial class PeerWatch
{
    [LoggerMessage(EventId = 210, EventName = "PortClosed", Level = LogLevel.Warning, Message = "nobody listens at silo {Silo} any more: it is declared dead")]
    private static partial void LogPortClosed(ILogger log, string silo);

    [LoggerMessage(EventId = 211, EventName = "NotDeclared", Level = LogLevel.Warning, Message = "silo {Silo} could not be declared dead; the failure detector will find it")]
    private static partial void LogNotDeclared(ILogger log, string silo, Exception error);
}
