using Microsoft.Extensions.Logging;

namespace DistAttention.Contracts.Tls;

internal sealed partial class TlsCredentials
{
    [LoggerMessage(EventId = 300, EventName = "TlsReloaded", Level = LogLevel.Information, Message = "certificate files have changed: new connections use {Subject}, valid until {NotAfter:u}")]
    private static partial void LogReloaded(ILogger log, string subject, DateTime notAfter);

    [LoggerMessage(EventId = 301, EventName = "TlsNotReloaded", Level = LogLevel.Error, Message = "certificate files have changed and cannot be used, the old ones stay in use: {Problem}")]
    private static partial void LogNotReloaded(ILogger log, string problem);
}
