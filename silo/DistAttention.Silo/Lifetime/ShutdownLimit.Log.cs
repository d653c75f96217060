using Microsoft.Extensions.Logging;

namespace DistAttention.Silo.Lifetime;

internal sealed partial class ShutdownLimit
{
    [LoggerMessage(EventId = 120, EventName = "NotDrained", Level = LogLevel.Error, Message = "the stop took longer than {Limit}; what still runs is dropped")]
    private static partial void LogNotDrained(ILogger log, TimeSpan limit);
}
