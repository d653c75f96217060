namespace DistAttention;

/// <summary>How a query and a key make a score: immutable data, evaluated by the kernels.</summary>
public abstract record ScoreFunction
{
    private protected ScoreFunction()
    {
    }

    /// <summary>Scaled dot product with the usual scale, 1/√HeadDim.</summary>
    public static ScoreFunction ScaledDot { get; } = new ScaledDotScore();

    /// <summary>The factor between q·k and the score, for a head of the given size.</summary>
    /// <param name="headDim">Components of one head of q and k.</param>
    public abstract float EffectiveScale(int headDim);
}

/// <summary>score = SmScale · (q·k) (Vaswani et al., Attention Is All You Need, 3.2.1).</summary>
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
}
