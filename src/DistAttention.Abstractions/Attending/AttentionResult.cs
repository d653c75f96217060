namespace DistAttention;

/// <summary>The exact answer of one call.</summary>
public sealed class AttentionResult
{
    /// <summary>Wraps an answer.</summary>
    /// <param name="output">[rows, NumHeadsQ, HeadDimV].</param>
    /// <param name="lse">[rows, NumHeadsQ].</param>
    /// <param name="summary">What the call did.</param>
    public AttentionResult(ReadOnlyMemory<float> output, ReadOnlyMemory<float> lse, AttentionSummary summary)
    {
        Output = output;
        Lse = lse;
        Summary = summary;
    }

    /// <summary>o, row-major [rows, NumHeadsQ, HeadDimV]. 0 for a row that sees nothing.</summary>
    public ReadOnlyMemory<float> Output { get; }

    /// <summary>Natural logarithm of the sum of exp(score) over the visible positions, [rows, NumHeadsQ]. −∞ for a row that sees nothing.</summary>
    public ReadOnlyMemory<float> Lse { get; }

    /// <summary>What the call did.</summary>
    public AttentionSummary Summary { get; }
}

/// <summary>What a call did.</summary>
/// <param name="Snapshot">What it was computed against.</param>
/// <param name="FirstQueryPosition">Where its first row stood.</param>
/// <param name="Rows">Query rows answered.</param>
/// <param name="BlocksComputed">(query tile × block) visits computed, over all key/value heads at once.</param>
/// <param name="BlocksSkipped">(query tile × block) visits the mask made unnecessary.</param>
/// <param name="Partials">Partials merged.</param>
/// <param name="Retries">Partials asked for again.</param>
public readonly record struct AttentionSummary(
    SequenceSnapshot Snapshot,
    long FirstQueryPosition,
    long Rows,
    long BlocksComputed,
    long BlocksSkipped,
    long Partials,
    long Retries)
{
    /// <summary>What its steps took.</summary>
    public AttentionActuals Actuals { get; init; }

    /// <summary>Merges of two partials: one less than the partials of each tile that has any.</summary>
    public long Merges { get; init; }

    /// <summary>What this call and another one did, of the same snapshot.</summary>
    /// <param name="next">The other call.</param>
    public AttentionSummary And(AttentionSummary next) => next with
    {
        FirstQueryPosition = Rows == 0 ? next.FirstQueryPosition : FirstQueryPosition,
        Rows = Rows + next.Rows,
        BlocksComputed = BlocksComputed + next.BlocksComputed,
        BlocksSkipped = BlocksSkipped + next.BlocksSkipped,
        Partials = Partials + next.Partials,
        Retries = Retries + next.Retries,
        Merges = Merges + next.Merges,
        Actuals = Actuals + next.Actuals,
    };
}
