using Microsoft.Extensions.Logging;

namespace DistAttention.Grains;

internal sealed partial class ShardMover
{
    [LoggerMessage(EventId = 220, EventName = "ShardsMoved", Level = LogLevel.Information, Message = "{Count} shards have gone from silo {From} to {To}")]
    private static partial void LogMoved(ILogger log, int count, string from, string to);

    [LoggerMessage(EventId = 221, EventName = "ShardsNotMoved", Level = LogLevel.Warning, Message = "{Count} shards of {Sequence} stay where they are")]
    private static partial void LogNotMoved(ILogger log, int count, string sequence, Exception cause);

    [LoggerMessage(EventId = 222, EventName = "ShardsLetGo", Level = LogLevel.Debug, Message = "silo {Silo} lets go of {Count} shards that are others' by now")]
    private static partial void LogLetGo(ILogger log, string silo, int count);
}
