namespace DistAttention.Testing;

/// <summary>Plans for what carries plans.</summary>
public static class PlanSamples
{
    /// <summary>One in which every part has a value, numbers beyond 64 bits and counts that are intervals included.</summary>
    public static AttentionPlan Whole()
    {
        ShardVisit visit = new()
        {
            Queries = new PositionRange(-3, 5),
            Shard = 7,
            Owner = "owner",
            Positions = new PositionRange(10, 20),
            Coverage = Coverage.Masked,
            BlocksFull = 1,
            BlocksMasked = 2,
            BlocksSkipped = 3,
            SkipReason = "why",
            UnmaskedPairs = ((Int128)5 << 70) + 9,
            KvBytes = 1L << 50,
            Flops = 1e30,
        };
        return new AttentionPlan
        {
            Sequence = "s",
            Snapshot = new SequenceSnapshot(2, 3),
            Mask = "causal",
            Queries = new PositionRange(-3, 50),
            TileRows = 8,
            Visits = [visit, visit with { Shard = 8, UnmaskedPairs = new PairCount(-1, (Int128)1 << 100) }],
            Owners = [new OwnerCost { Owner = "owner", Tiles = 1, QueryBytes = 2, MaskBytes = 3, AnswerBytes = 4, KvBytes = 5, Flops = 6, ComputeTime = TimeSpan.FromTicks(7) }],
            Steps = [new PlanStep { Kind = PlanStepKind.Merge, PredictedTime = TimeSpan.FromTicks(8), PredictedBytes = 9, Actual = new StepActual(TimeSpan.FromTicks(10), 11) }],
        };
    }
}
