namespace DistAttention.Http;

/// <summary>A plan, its visits summed up by owner and shard.</summary>
/// <param name="Plan">The plan.</param>
/// <param name="Spec">The shape of its sequence.</param>
/// <param name="Owners">Its owners, in the order in which they are first visited.</param>
public sealed record PlanView(AttentionPlan Plan, SequenceSpec Spec, IReadOnlyList<OwnerView> Owners)
{
    /// <summary>What a call that followed the plan did, if one was run.</summary>
    public Analysis? Analysis { get; init; }

    /// <summary>How many query tiles the rows are cut into.</summary>
    public long Tiles => (Plan.Queries.Length + Plan.TileRows - 1) / Plan.TileRows;

    /// <summary>What to do if nothing were hidden.</summary>
    public Int128 AllPairs => (Int128)Plan.Queries.Length * Plan.Snapshot.Length;

    /// <summary>Sums up a plan.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="spec">The shape of its sequence.</param>
    public static PlanView Of(AttentionPlan plan, SequenceSpec spec) => new(plan, spec, [.. plan.Visits
        .GroupBy(static visit => visit.Owner)
        .Select(ofOwner => new OwnerView(ofOwner.Key, plan.Owners.FirstOrDefault(cost => cost.Owner == ofOwner.Key), [.. ofOwner
            .GroupBy(static visit => visit.Shard)
            .OrderBy(static ofShard => ofShard.Key)
            .Select(ShardView.Of)]))]);
}

/// <summary>What one owner is asked for.</summary>
/// <param name="Owner">The owner.</param>
/// <param name="Cost">What that should cost; null if every tile skips all of its shards.</param>
/// <param name="Shards">Its shards.</param>
public sealed record OwnerView(string Owner, OwnerCost? Cost, IReadOnlyList<ShardView> Shards);

/// <summary>What a call did.</summary>
/// <param name="Summary">What it did.</param>
/// <param name="Elapsed">Time from its start to its end.</param>
public sealed record Analysis(AttentionSummary Summary, TimeSpan Elapsed);

/// <summary>What one shard is asked for, over all query tiles.</summary>
public sealed record ShardView
{
    /// <summary>Its index.</summary>
    public required int Shard { get; init; }

    /// <summary>Its positions inside the snapshot.</summary>
    public required PositionRange Positions { get; init; }

    /// <summary>Query tiles that see something of the shard.</summary>
    public required int TilesVisiting { get; init; }

    /// <summary>Query tiles that see nothing of it, and so never reach it.</summary>
    public required int TilesSkipping { get; init; }

    /// <summary>(query tile × block) visits without mask code.</summary>
    public required long BlocksFull { get; init; }

    /// <summary>(query tile × block) visits with mask bits.</summary>
    public required long BlocksMasked { get; init; }

    /// <summary>(query tile × block) visits that the mask makes unnecessary.</summary>
    public required long BlocksSkipped { get; init; }

    /// <summary>Why blocks were skipped, each reason once.</summary>
    public required IReadOnlyList<string> SkipReasons { get; init; }

    /// <summary>Visible query/position pairs, counted once for all heads.</summary>
    public required PairCount UnmaskedPairs { get; init; }

    /// <summary>Bytes of stored K/V read.</summary>
    public required long KvBytes { get; init; }

    /// <summary>Floating-point operations over the visible pairs.</summary>
    public required double Flops { get; init; }

    /// <summary>Sums up the visits of one shard.</summary>
    /// <param name="visits">Its visits.</param>
    public static ShardView Of(IGrouping<int, ShardVisit> visits) => new()
    {
        Shard = visits.Key,
        Positions = visits.First().Positions,
        TilesVisiting = visits.Count(static v => v.Coverage != Coverage.None),
        TilesSkipping = visits.Count(static v => v.Coverage == Coverage.None),
        BlocksFull = visits.Sum(static v => (long)v.BlocksFull),
        BlocksMasked = visits.Sum(static v => (long)v.BlocksMasked),
        BlocksSkipped = visits.Sum(static v => (long)v.BlocksSkipped),
        SkipReasons = [.. visits.Select(static v => v.SkipReason).Where(static r => r.Length > 0).Distinct()],
        UnmaskedPairs = visits.Aggregate(default(PairCount), static (sum, v) => sum + v.UnmaskedPairs),
        KvBytes = visits.Sum(static v => v.KvBytes),
        Flops = visits.Sum(static v => v.Flops),
    };
}
