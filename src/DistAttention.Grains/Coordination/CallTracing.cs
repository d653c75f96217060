using System.Diagnostics;
using DistAttention.Contracts.Access;
using Orleans.Runtime;

namespace DistAttention.Grains;

/// <summary>Takes the span that a call belongs to from one silo to the next. The transport's own propagation would trace every sign of life between silos too.</summary>
internal static class CallTracing
{
    /// <summary>The span of whoever makes the running call; null if it is not traced.</summary>
    public static string? Parent => RequestContext.Get(CallHeaders.Trace) as string;

    /// <summary>Sends a span along with the calls that the running method makes from here on.</summary>
    public static void Carry(Activity? span)
    {
        if (span is not null)
        {
            RequestContext.Set(CallHeaders.Trace, span.Id!);
        }
    }
}
