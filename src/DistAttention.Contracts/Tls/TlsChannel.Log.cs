using Microsoft.Extensions.Logging;

namespace DistAttention.Contracts.Tls;

public sealed partial class TlsChannel
{
    [LoggerMessage(EventId = 302, EventName = "TlsFailed", Level = LogLevel.Warning, Message = "no secure connection with {RemoteEndPoint}: {Problem}")]
    private static partial void LogFailed(ILogger log, string remoteEndPoint, string problem);

    [LoggerMessage(EventId = 303, EventName = "TlsFailures", Level = LogLevel.Warning, Message = "{Connections} more connections within a minute before were not secure, without a line for each")]
    private static partial void LogLeftOut(ILogger log, long connections);
}
