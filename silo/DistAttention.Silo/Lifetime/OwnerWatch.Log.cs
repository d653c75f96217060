using Microsoft.Extensions.Logging;

namespace DistAttention.Silo.Lifetime;

internal sealed partial class OwnerWatch
{
    [LoggerMessage(EventId = 111, EventName = "OwnerIsGone", Level = LogLevel.Information, Message = "stopping: nobody holds {OwnerLock} any more")]
    private static partial void LogOwnerIsGone(ILogger log, string ownerLock);
}
