using Microsoft.Extensions.Logging;

namespace DistAttention.Grains;

internal sealed partial class IncomingCalls
{
    [LoggerMessage(EventId = 310, EventName = "CallRefused", Level = LogLevel.Warning, Message = "refused a call of {InterfaceName}.{Method}: {Reason}")]
    private static partial void LogRefused(ILogger log, string interfaceName, string method, string reason);

    [LoggerMessage(EventId = 311, EventName = "CallsRefused", Level = LogLevel.Warning, Message = "refused {Calls} more calls within a minute before, without a line for each")]
    private static partial void LogLeftOut(ILogger log, long calls);
}
