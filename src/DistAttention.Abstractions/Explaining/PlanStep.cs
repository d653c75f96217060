namespace DistAttention;

/// <summary>The steps of a call.</summary>
public enum PlanStepKind
{
    /// <summary>The planner decides who computes what.</summary>
    Plan = 0,

    /// <summary>Queries travel to the owners, their kernels run, partials come back.</summary>
    Ask = 1,

    /// <summary>Partials are merged along the tree.</summary>
    Merge = 2,

    /// <summary>The last partial becomes o and lse.</summary>
    Finish = 3,
}

/// <summary>One step of a call, over all its tiles.</summary>
public sealed record PlanStep
{
    /// <summary>Which.</summary>
    public required PlanStepKind Kind { get; init; }

    /// <summary>Time it should take.</summary>
    public required TimeSpan PredictedTime { get; init; }

    /// <summary>Bytes that should travel (<see cref="PlanStepKind.Ask"/>), or be read and written.</summary>
    public required long PredictedBytes { get; init; }

    /// <summary>What it took, where the plan was also run.</summary>
    public StepActual? Actual { get; init; }

    /// <summary>Both, of one kind.</summary>
    /// <param name="left">Some tiles.</param>
    /// <param name="right">Other tiles.</param>
    public static PlanStep operator +(PlanStep left, PlanStep right) => left with
    {
        PredictedTime = left.PredictedTime + right.PredictedTime,
        PredictedBytes = left.PredictedBytes + right.PredictedBytes,
    };
}

/// <summary>What a step took.</summary>
/// <param name="Time">Time, summed over tiles, which may have run side by side.</param>
/// <param name="Bytes">Bytes that travelled, or were read and written.</param>
public readonly record struct StepActual(TimeSpan Time, long Bytes)
{
    /// <summary>Both.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    public static StepActual operator +(StepActual left, StepActual right) => new(left.Time + right.Time, left.Bytes + right.Bytes);
}

/// <summary>What the steps of a call took, summed over its tiles.</summary>
/// <param name="Plan">Planning.</param>
/// <param name="Ask">Asking the owners.</param>
/// <param name="Merge">Merging what came back.</param>
/// <param name="Finish">Turning it into o and lse; its bytes are those that were predicted.</param>
public readonly record struct AttentionActuals(TimeSpan Plan, StepActual Ask, StepActual Merge, TimeSpan Finish)
{
    /// <summary>Both.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    public static AttentionActuals operator +(AttentionActuals left, AttentionActuals right) =>
        new(left.Plan + right.Plan, left.Ask + right.Ask, left.Merge + right.Merge, left.Finish + right.Finish);

    /// <summary>One step.</summary>
    /// <param name="kind">Which.</param>
    public StepActual Of(PlanStepKind kind) => kind switch
    {
        PlanStepKind.Plan => new StepActual(Plan, 0),
        PlanStepKind.Ask => Ask,
        PlanStepKind.Merge => Merge,
        _ => new StepActual(Finish, 0),
    };
}
