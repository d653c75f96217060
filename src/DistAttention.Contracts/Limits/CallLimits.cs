namespace DistAttention.Contracts;

/// <summary>Sizes and times that both sides of a call hold to.</summary>
public static class CallLimits
{
    /// <summary>Above the longest deadline a call may have (a day), so that deadlines end calls, never the transport.</summary>
    public const string ResponseTimeout = "1.00:30:00";

    /// <summary>What a message is cut to, in bytes. One row that is larger travels alone.</summary>
    public const int MessageBytes = 4 << 20;

    /// <summary>The largest message body that either side accepts, in bytes.</summary>
    public const int MaxMessageBytes = 16 << 20;

    /// <summary>What a message carries besides its tensors, at most, in bytes.</summary>
    private const int EnvelopeBytes = 64 << 10;

    /// <summary>Refuses tensors that no message could carry, before they are sent.</summary>
    /// <param name="what">What would be sent.</param>
    /// <param name="bytes">Bytes of its tensors and masks together.</param>
    /// <exception cref="MessageTooLargeException">They do not fit.</exception>
    public static void RequireFits(string what, long bytes)
    {
        if (bytes + EnvelopeBytes > MaxMessageBytes)
        {
            throw new MessageTooLargeException(what, bytes, MaxMessageBytes - EnvelopeBytes);
        }
    }
}
