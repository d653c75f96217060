namespace DistAttention.Contracts;

/// <summary>What would be sent does not fit a message; it was not sent.</summary>
/// <param name="what">What it is.</param>
/// <param name="bytes">Its size.</param>
/// <param name="limitBytes">The largest size allowed.</param>
public sealed class MessageTooLargeException(string what, long bytes, long limitBytes)
    : DistAttentionException($"{what} takes {bytes:N0} bytes; a message carries at most {limitBytes:N0}.")
{
    /// <summary>What it is.</summary>
    public string What { get; } = what;

    /// <summary>Its size.</summary>
    public long Bytes { get; } = bytes;

    /// <summary>The largest size allowed.</summary>
    public long LimitBytes { get; } = limitBytes;
}
