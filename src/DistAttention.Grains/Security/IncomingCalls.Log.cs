using Microsoft.Extensions.Logging;

namespace DistAttention.Grains;

internal sealed partial class IncomingCalls
{
    [LoggerMessage(EventId = 310, EventName = "CallRefused", Level = LogLevel.Warning, Message = "refused a call of {InterfaceName}.{Method}: {Reason}")]
    private static partial void LogRefused(ILogger log, string interfaceName, string method, string reason);
}
