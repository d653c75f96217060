namespace DistAttention;

/// <summary>The byte budget for resident K/V cannot hold what is asked.</summary>
public sealed class CapacityExceededException(long budgetBytes, long usedBytes, long neededBytes)
    : DistAttentionException($"{neededBytes:N0} more bytes of K/V do not fit: {usedBytes:N0} of the budget of {budgetBytes:N0} bytes are in use.")
{
    /// <summary>The budget, in bytes.</summary>
    public long BudgetBytes { get; } = budgetBytes;

    /// <summary>Bytes in use when it was asked.</summary>
    public long UsedBytes { get; } = usedBytes;

    /// <summary>Bytes asked for.</summary>
    public long NeededBytes { get; } = neededBytes;
}

/// <summary>A queue is full; the call was not started.</summary>
public sealed class OverloadedException(string what, TimeSpan retryAfter)
    : DistAttentionException(what)
{
    /// <summary>How <see cref="What"/> begins where it is the caller's own share or quota.</summary>
    internal const string CallersOwn = "The caller's";

    /// <inheritdoc/>
    public override string Message => $"{What} is full; try again in {RetryAfter.TotalSeconds:0.###} s."; // written when it is read: floods are refused by the thousand

    /// <summary>What is full.</summary>
    public string What { get; } = what;

    /// <summary>Whether it is the caller's own share or quota that is full, rather than what everybody shares.</summary>
    public bool IsCallersOwn => What.StartsWith(CallersOwn, StringComparison.Ordinal);

    /// <summary>How long to wait before trying again.</summary>
    public TimeSpan RetryAfter { get; } = retryAfter;

    /// <inheritdoc/>
    public override bool IsTransient => true;
}

/// <summary>The deadline passed before the exact answer was there.</summary>
public sealed class AttentionTimeoutException(TimeSpan timeout, Exception? firstCause = null)
    : DistAttentionException($"No exact answer within {timeout.TotalSeconds:0.###} s.{(firstCause is null ? "" : " First cause: " + firstCause.Message)}", firstCause)
{
    /// <summary>The time allowed.</summary>
    public TimeSpan Timeout { get; } = timeout;

    /// <inheritdoc/>
    public override bool IsTransient => true;
}

/// <summary>Some parts of a call failed for good.</summary>
public sealed class PartialFailureException(int total, int failed, Exception firstCause)
    : DistAttentionException($"{failed} of {total} parts of the call failed. First cause: {firstCause.Message}", firstCause)
{
    /// <summary>Parts in all.</summary>
    public int Total { get; } = total;

    /// <summary>Parts that failed.</summary>
    public int Failed { get; } = failed;
}
