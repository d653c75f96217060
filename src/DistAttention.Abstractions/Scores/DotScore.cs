namespace DistAttention;

/// <summary>score = q·k (Luong et al., Effective Approaches to Attention-based Neural Machine Translation, 2015, "dot").</summary>
public sealed record DotScore : ScoreFunction
{
    /// <inheritdoc/>
    public override float EffectiveScale(int headDim) => 1;

    /// <inheritdoc/>
    public override ScoreFunction OverPreparedQueries() => SinkLogits is null ? this : this with { SinkLogits = null };

    /// <inheritdoc/>
    public override void ValidateFor(SequenceSpec spec)
    {
        base.ValidateFor(spec);
        RequireSameSize(spec, "a dot product");
    }
}
