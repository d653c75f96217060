using Microsoft.Extensions.Logging;

namespace DistAttention.Grains;

internal sealed partial class ExpirySweep
{
    [LoggerMessage(EventId = 230, EventName = "Expired", Level = LogLevel.Information, Message = "{Count} sequences past their time to live are deleted")]
    private static partial void LogSwept(ILogger log, int count);

    [LoggerMessage(EventId = 231, EventName = "ExpiryFailed", Level = LogLevel.Warning, Message = "sequences past their time to live could not be looked for; the next sweep tries again")]
    private static partial void LogFailed(ILogger log, Exception error);
}
