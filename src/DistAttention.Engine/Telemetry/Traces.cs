using System.Diagnostics;
using DistAttention.Calls;
using DistAttention.Engine.Execution;
using DistAttention.Engine.Planning;
using DistAttention.Engine.Shards;

namespace DistAttention.Engine.Telemetry;

/// <summary>
/// The spans of the activity source <c>DistAttention</c>: a call of a client, under it what is asked of each silo, under that the part which the
/// silo computes, and under that one span per shard. While nobody listens none is made, and nothing is allocated. No span says what a sequence is called.
/// </summary>
public static class Traces
{
    /// <summary>A call that attends.</summary>
    /// <param name="rows">Its query rows.</param>
    public static Activity? StartAttend(long rows) => CallTrace.Source.StartActivity(CallTrace.Attend)?.SetTag(CallTrace.RowsTag, rows);

    /// <summary>A call that appends.</summary>
    /// <param name="rows">Its rows.</param>
    public static Activity? StartAppend(long rows) => CallTrace.Source.StartActivity(CallTrace.Append)?.SetTag(CallTrace.RowsTag, rows);

    /// <summary>The same, of a call that came from another process.</summary>
    /// <param name="name">The span's name.</param>
    /// <param name="parent">What the caller sent along, a W3C traceparent; null if nothing.</param>
    public static Activity? StartHere(string name, string? parent) =>
        ActivityContext.TryParse(parent, traceState: null, isRemote: true, out ActivityContext context)
            ? CallTrace.Source.StartActivity(name, ActivityKind.Server, context)
            : CallTrace.Source.StartActivity(name, ActivityKind.Server);

    /// <summary>A question to another silo.</summary>
    /// <param name="owner">The silo.</param>
    /// <param name="shards">Shards it is asked for.</param>
    public static Activity? StartAsk(OwnerId owner, int shards) =>
        CallTrace.Source.StartActivity(CallTrace.Ask, ActivityKind.Client)?.SetTag(CallTrace.SiloTag, owner.Value).SetTag(CallTrace.ShardsTag, shards);

    /// <summary>Says that a span ended in an error.</summary>
    /// <param name="span">The span, if there is one.</param>
    /// <param name="error">The error.</param>
    public static void Fail(Activity? span, Exception error) =>
        span?.SetStatus(ActivityStatusCode.Error).SetTag(AttentionMeter.ErrorTag, error.GetType().Name);

    /// <summary>The part of a tile that this process computes.</summary>
    internal static Activity? StartPart(TileRequest request) => CallTrace.Source.HasListeners()
        ? CallTrace.Source.StartActivity(CallTrace.Part)?.SetTag(CallTrace.RowsTag, request.Rows).SetTag(CallTrace.ShardsTag, request.Shards.Count)
        : null;

    /// <summary>One span per shard of a part that has been computed. Shards of a part are computed together: each has the time of all.</summary>
    internal static void AddShards(Activity? part, TileRequest request)
    {
        if (part is not { IsAllDataRequested: true })
        {
            return;
        }

        foreach (ShardSlice slice in request.Shards)
        {
            Activity? shard = CallTrace.Source.StartActivity(CallTrace.Shard, ActivityKind.Internal, part.Context, startTime: part.StartTimeUtc);
            shard?.SetTag(CallTrace.ShardTag, slice.Shard.Id.Index).SetTag(CallTrace.PositionsTag, slice.Length);
            shard?.Stop();
        }
    }
}
