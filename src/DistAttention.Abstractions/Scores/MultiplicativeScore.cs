namespace DistAttention;

/// <summary>
/// score = SmScale · (q·W·k) (Luong et al. 2015, "general"). W is folded into q, so it costs one projection of the
/// queries and nothing per key.
/// </summary>
public sealed record MultiplicativeScore : ScoreFunction
{
    /// <summary>Makes the score.</summary>
    /// <param name="weights">W: [NumHeadsQ, HeadDim, HeadDim of k as stored], or [1, …] for all heads.</param>
    public MultiplicativeScore(FloatTable weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        Ensure.That(weights.Shape.Length == 3, nameof(Weights), $"its shape {weights} is not [heads, headDim, headDim]");
        Weights = weights;
    }

    /// <summary>W: [NumHeadsQ or 1, HeadDim, StoredHeadDim].</summary>
    public FloatTable Weights { get; }

    /// <summary>The factor. Default 1. Finite.</summary>
    public float SmScale
    {
        get;
        init => field = float.IsFinite(value) ? value : throw new InvalidSpecException(nameof(SmScale), $"{value} is not finite");
    } = 1;

    /// <inheritdoc/>
    public override float EffectiveScale(int headDim) => SmScale;

    /// <inheritdoc/>
    public override ScoreFunction OverPreparedQueries() =>
        new ScaledDotScore { SmScale = SmScale, SoftCap = SoftCap, AlibiSlopes = AlibiSlopes, RelativeBias = RelativeBias };

    /// <inheritdoc/>
    public override void ValidateFor(SequenceSpec spec)
    {
        base.ValidateFor(spec);
        RequireHeads(Weights, nameof(Weights), spec.NumHeadsQ);
        Ensure.That(
            Weights.Shape[1] == spec.HeadDim && Weights.Shape[2] == spec.StoredHeadDim,
            nameof(Weights),
            $"its shape {Weights} does not take q of {spec.HeadDim} components to keys of {spec.StoredHeadDim}");
    }
}
