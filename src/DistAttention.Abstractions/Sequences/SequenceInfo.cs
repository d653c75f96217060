namespace DistAttention;

/// <summary>What is known of a sequence without reading its rows.</summary>
public sealed record SequenceInfo
{
    /// <summary>Its name.</summary>
    public required SequenceId Id { get; init; }

    /// <summary>Its shape and storage.</summary>
    public required SequenceSpec Spec { get; init; }

    /// <summary>The latest committed state.</summary>
    public required SequenceSnapshot Snapshot { get; init; }

    /// <summary>Committed positions.</summary>
    public long Length => Snapshot.Length;

    /// <summary>Shards that hold at least one committed position.</summary>
    public required int ShardCount { get; init; }

    /// <summary>When it will be gone if nobody uses it until then; null where it has no <see cref="SequenceSpec.TimeToLive"/>.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Bytes of native memory that its blocks hold now. Blocks shared with a fork count for both.</summary>
    public required long ResidentBytes { get; init; }
}
