namespace DistAttention.Calls;

/// <summary>How many calls a process takes in at a time.</summary>
public sealed record AdmissionLimits
{
    /// <summary>Calls in progress, waiting ones included, at least 1.</summary>
    public int MaxCalls { get; init; } = 1024;

    /// <summary>Bytes of their queries, rows and answers, at least 1. One call alone may have more.</summary>
    public long MaxCallBytes { get; init; } = 1L << 30;

    /// <summary>Calls of one caller in progress, at least 1.</summary>
    public int MaxCallsPerCaller { get; init; } = int.MaxValue;

    /// <summary>Bytes of one caller's calls in progress, at least 1. One call alone may have more.</summary>
    public long MaxCallBytesPerCaller { get; init; } = long.MaxValue;
}
