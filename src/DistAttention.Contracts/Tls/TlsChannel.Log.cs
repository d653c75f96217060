using Microsoft.Extensions.Logging;

namespace DistAttention.Contracts.Tls;

public sealed partial class TlsChannel
{
    [LoggerMessage(EventId = 302, EventName = "TlsFailed", Level = LogLevel.Warning, Message = "no secure connection with {RemoteEndPoint}: {Problem}")]
    private static partial void LogFailed(ILogger log, string remoteEndPoint, string problem);
}
