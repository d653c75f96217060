namespace DistAttention;

/// <summary>score = SmScale · (q·k) (Vaswani et al., Attention Is All You Need, 2017, 3.2.1).</summary>
public sealed record ScaledDotScore : ScoreFunction
{
    /// <summary>The factor; null (the default) means 1/√HeadDim. Finite.</summary>
    public float? SmScale
    {
        get;
        init => field = value is null || float.IsFinite(value.Value)
            ? value
            : throw new InvalidSpecException(nameof(SmScale), $"{value} is not finite");
    }

    /// <inheritdoc/>
    public override float EffectiveScale(int headDim) => SmScale ?? (float)(1.0 / Math.Sqrt(headDim));

    /// <inheritdoc/>
    public override ScoreFunction OverPreparedQueries() => SinkLogits is null ? this : this with { SinkLogits = null };

    /// <inheritdoc/>
    public override void ValidateFor(SequenceSpec spec)
    {
        base.ValidateFor(spec);
        RequireSameSize(spec, "a scaled dot product");
    }
}
