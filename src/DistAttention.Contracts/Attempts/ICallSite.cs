using DistAttention.Contracts.Access;
using Orleans.Concurrency;
using Orleans.Runtime;

namespace DistAttention.Contracts;

/// <summary>Something that works on long calls which their callers name: it can be asked about one, and told that one is no longer wanted.</summary>
public interface ICallSite : IAddressable
{
    /// <summary>How a call stands: a cheap question to whoever is slow to answer it.</summary>
    /// <param name="callId">The call.</param>
    [AlwaysInterleave]
    [ClientCall(Rights.None)]
    [Alias("Ask")]
    Task<CallProgress> AskAsync(Guid callId);

    /// <summary>
    /// Ends a call, or refuses it when it comes: a cancellation may overtake the call that it is for. (The transport's own looks
    /// again for a call that it missed, but only a second later.)
    /// </summary>
    /// <param name="callId">The call.</param>
    [OneWay]
    [AlwaysInterleave]
    [ClientCall(Rights.None)]
    [Alias("Cancel")]
    Task CancelAsync(Guid callId);
}
