namespace DistAttention;

/// <summary>What one query tile asks of one shard.</summary>
public sealed record ShardVisit
{
    /// <summary>Positions of the tile's query rows.</summary>
    public required PositionRange Queries { get; init; }

    /// <summary>The shard's index: its positions start at index × shard length.</summary>
    public required int Shard { get; init; }

    /// <summary>Who holds the shard.</summary>
    public required string Owner { get; init; }

    /// <summary>The shard's positions inside the snapshot.</summary>
    public required PositionRange Positions { get; init; }

    /// <summary>What the mask does to the tile and the shard. <see cref="DistAttention.Coverage.None"/> is never sent.</summary>
    public required Coverage Coverage { get; init; }

    /// <summary>Blocks computed without mask code.</summary>
    public required int BlocksFull { get; init; }

    /// <summary>Blocks computed with mask bits.</summary>
    public required int BlocksMasked { get; init; }

    /// <summary>Blocks skipped.</summary>
    public required int BlocksSkipped { get; init; }

    /// <summary>Why blocks were skipped; empty if none were.</summary>
    public required string SkipReason { get; init; }

    /// <summary>Visible query/position pairs, counted once for all heads.</summary>
    public required PairCount UnmaskedPairs { get; init; }

    /// <summary>Bytes of stored K/V read.</summary>
    public required long KvBytes { get; init; }

    /// <summary>Floating-point operations over the visible pairs; from the middle of an interval where the pairs are one.</summary>
    public required double Flops { get; init; }
}
