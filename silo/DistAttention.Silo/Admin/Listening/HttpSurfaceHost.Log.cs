using Microsoft.Extensions.Logging;

namespace DistAttention.Silo.Admin.Listening;

internal sealed partial class HttpSurfaceHost
{
    [LoggerMessage(EventId = 130, EventName = "Listening", Level = LogLevel.Information, Message = "{Section} listens at {Url}")]
    private static partial void LogListening(ILogger log, string section, string url);
}
