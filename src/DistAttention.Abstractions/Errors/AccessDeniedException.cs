namespace DistAttention;

/// <summary>The cluster refuses the call for who makes it. Nothing was done.</summary>
public sealed class AccessDeniedException(string reason) : DistAttentionException($"Access denied: {reason}.")
{
    /// <summary>Why; names neither secrets nor what others have.</summary>
    public string Reason { get; } = reason;
}
