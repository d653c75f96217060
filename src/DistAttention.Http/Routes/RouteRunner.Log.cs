using Microsoft.Extensions.Logging;

namespace DistAttention.Http.Routes;

internal sealed partial class RouteRunner
{
    [LoggerMessage(EventId = 400, EventName = "HttpCallFailed", Level = LogLevel.Error, Message = "{Operation} failed: {Problem}")]
    private static partial void LogFailed(ILogger log, Exception error, string operation, string problem);

    [LoggerMessage(EventId = 401, EventName = "HttpAnswerCutOff", Level = LogLevel.Warning, Message = "the answer of {Operation} was cut off")]
    private static partial void LogCutOff(ILogger log, Exception error, string operation);

    [LoggerMessage(EventId = 402, EventName = "HttpCallerHungUp", Level = LogLevel.Debug, Message = "the caller of {Operation} hung up")]
    private static partial void LogHungUp(ILogger log, string operation);
}
