using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;

namespace DistAttention.Silo.Lifetime;

internal sealed partial class SignalLifetime
{
    [LoggerMessage(EventId = 110, EventName = "Stopping", Level = LogLevel.Information, Message = "stopping on {Signal}")]
    private static partial void LogStopping(ILogger log, PosixSignal signal);
}
