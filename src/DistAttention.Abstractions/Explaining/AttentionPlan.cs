namespace DistAttention;

/// <summary>
/// Which owner computes which (query rows × positions), what was skipped and why, and what that should cost. Plain data: made before
/// anything runs, from what is then run.
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

    /// <summary>What each owner is asked for over all tiles, in the order in which they are first asked.</summary>
    public IReadOnlyList<OwnerCost> Owners { get; init; } = [];

    /// <summary>What the call does, step by step.</summary>
    public IReadOnlyList<PlanStep> Steps { get; init; } = [];

    /// <summary>Query/position pairs that are visible, counted once for all heads.</summary>
    public PairCount UnmaskedPairs => Visits.Aggregate(default(PairCount), static (sum, visit) => sum + visit.UnmaskedPairs);

    /// <summary>(query tile × block) visits that will be computed.</summary>
    public long BlocksVisited => Visits.Sum(static v => (long)v.BlocksFull + v.BlocksMasked);

    /// <summary>(query tile × block) visits that the mask makes unnecessary.</summary>
    public long BlocksSkipped => Visits.Sum(static v => (long)v.BlocksSkipped);

    /// <summary>Bytes of stored K/V that will be read, counted once per visit.</summary>
    public long KvBytes => Visits.Sum(static v => v.KvBytes);

    /// <summary>Floating-point operations over the visible pairs, two per multiply-add of q·k and p·v.</summary>
    public double Flops => Visits.Sum(static v => v.Flops);

    /// <summary>Time that the steps should take together, one tile after the other.</summary>
    public TimeSpan PredictedTime => Steps.Aggregate(TimeSpan.Zero, static (sum, step) => sum + step.PredictedTime);

    /// <summary>The plan of all rows, from plans of some rows each.</summary>
    /// <param name="parts">At least one, in the order of the rows, all of one snapshot.</param>
    internal static AttentionPlan Join(IReadOnlyList<AttentionPlan> parts) => parts[0] with
    {
        Queries = new PositionRange(parts[0].Queries.Start, parts[^1].Queries.End),
        Visits = [.. parts.SelectMany(static p => p.Visits)],
        Owners = [.. parts.SelectMany(static p => p.Owners).GroupBy(static o => o.Owner).Select(static of => of.Aggregate(static (a, b) => a + b))],
        Steps = [.. parts.SelectMany(static p => p.Steps).GroupBy(static s => s.Kind).Select(static of => of.Aggregate(static (a, b) => a + b))],
    };

    /// <summary>The plan beside what a call that followed it did.</summary>
    /// <param name="summary">What the call did.</param>
    public AttentionPlan With(AttentionSummary summary) => this with
    {
        Steps = [.. Steps.Select(step => step with
        {
            Actual = step.Kind == PlanStepKind.Finish
                ? new StepActual(summary.Actuals.Finish, step.PredictedBytes)
                : summary.Actuals.Of(step.Kind),
        })],
    };
}
