namespace DistAttention;

/// <summary>
/// Which owner computes which (query rows × positions), and what was skipped and why. Plain data: made before anything
/// runs, the same data that is then run.
/// </summary>
public sealed record AttentionPlan
{
    /// <summary>The sequence.</summary>
    public required SequenceId Sequence { get; init; }

    /// <summary>What the plan is made against.</summary>
    public required SequenceSnapshot Snapshot { get; init; }

    /// <summary>The mask, as text.</summary>
    public required string Mask { get; init; }

    /// <summary>Positions of the query rows.</summary>
    public required PositionRange Queries { get; init; }

    /// <summary>Query rows per tile.</summary>
    public required int TileRows { get; init; }

    /// <summary>Every (query tile × shard), in the order of tiles and then of positions.</summary>
    public required IReadOnlyList<ShardVisit> Visits { get; init; }

    /// <summary>Query/position pairs that are visible, counted once for all heads.</summary>
    public Int128 UnmaskedPairs { get => Total(static v => v.UnmaskedPairs); }

    /// <summary>(query tile × block) visits that will be computed.</summary>
    public long BlocksVisited => Visits.Sum(static v => v.BlocksFull + v.BlocksMasked);

    /// <summary>(query tile × block) visits that the mask makes unnecessary.</summary>
    public long BlocksSkipped => Visits.Sum(static v => v.BlocksSkipped);

    /// <summary>Bytes of stored K/V that will be read, counted once per visit.</summary>
    public long KvBytes => Visits.Sum(static v => v.KvBytes);

    /// <summary>Floating-point operations over the visible pairs, two per multiply-add of q·k and p·v.</summary>
    public double Flops => Visits.Sum(static v => v.Flops);

    private Int128 Total(Func<ShardVisit, Int128> of) => Visits.Aggregate(Int128.Zero, (sum, visit) => sum + of(visit));
}

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
    public required Int128 UnmaskedPairs { get; init; }

    /// <summary>Bytes of stored K/V read.</summary>
    public required long KvBytes { get; init; }

    /// <summary>Floating-point operations over the visible pairs.</summary>
    public required double Flops { get; init; }
}
