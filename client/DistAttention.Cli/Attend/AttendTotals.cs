namespace DistAttention.Cli.Attend;

/// <summary>What the slices of one attend verb did together.</summary>
internal sealed class AttendTotals
{
    /// <summary>(query tile × block) visits computed.</summary>
    public long BlocksComputed { get; private set; }

    /// <summary>(query tile × block) visits the mask made unnecessary.</summary>
    public long BlocksSkipped { get; private set; }

    /// <summary>Floating-point operations over the visible pairs: work that had to be done, not work that padding added.</summary>
    public double Flops { get; private set; }

    /// <summary>Time spent attending, files not counted.</summary>
    public TimeSpan Attending { get; private set; }

    public double FlopsPerSecond => Attending > TimeSpan.Zero ? Flops / Attending.TotalSeconds : 0;

    public void Add(AttentionSummary summary, AttentionPlan plan, TimeSpan attending)
    {
        BlocksComputed += summary.BlocksComputed;
        BlocksSkipped += summary.BlocksSkipped;
        Flops += plan.Flops;
        Attending += attending;
    }
}
