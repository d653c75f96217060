namespace DistAttention.Cli.Arguments;

/// <summary>What the options of a verb ask for, parsed but not yet held against any file.</summary>
internal sealed record AttentionRequest
{
    /// <summary>No position is farther from 0 than this, so that sums of positions never overflow.</summary>
    public const long FarthestPosition = 1L << 60;

    public required string Q { get; init; }

    public required string K { get; init; }

    /// <summary>Null where values are a part of keys.</summary>
    public string? V { get; init; }

    /// <summary>The mask, its files not yet read.</summary>
    public required MaskText Mask { get; init; }

    public required ScoreRequest Scores { get; init; }

    public long? FirstQueryPosition { get; init; }

    public int? ShardLength { get; init; }

    public required KvDataType KvType { get; init; }
}
