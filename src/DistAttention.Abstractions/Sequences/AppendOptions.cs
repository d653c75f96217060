namespace DistAttention;

/// <summary>How rows are appended.</summary>
public sealed record AppendOptions
{
    /// <summary>
    /// Makes the append idempotent: repeating it with the same id (and the same rows) appends nothing again and returns
    /// the first result. Default: a new id for every call.
    /// </summary>
    public OperationId? OperationId { get; init; }

    /// <summary>If set, the append fails with <see cref="AppendConflictException"/> unless its first row lands at exactly this position.</summary>
    public long? ExpectedPosition { get; init; }

    /// <summary>Told how many rows are stored, after each slice of a large append.</summary>
    public IProgress<AttentionProgress>? Progress { get; init; }
}

/// <summary>What an append did.</summary>
/// <param name="FirstPosition">Position of its first row.</param>
/// <param name="Count">Rows appended.</param>
/// <param name="Snapshot">The committed state that includes them.</param>
public readonly record struct AppendResult(long FirstPosition, long Count, SequenceSnapshot Snapshot);
