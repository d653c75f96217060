namespace DistAttention.Kernels;

/// <summary>
/// A score made ready for kernels: factors in base 2, one number per query head where the score has one for all. For
/// queries that are projected and turned already.
/// </summary>
public sealed class CompiledScore
{
    private readonly Lazy<LaneBias>? _laneBias;

    private CompiledScore(ScoreFunction score, SequenceSpec spec)
    {
        ScaleLog2 = ToLog2(score.EffectiveScale(spec.HeadDim));
        if (score.SoftCap is { } cap)
        {
            Modifiers |= ScoreModifiers.SoftCap;
            CapLog2 = ToLog2(cap);
            PerCapLog2 = (float)(1 / (cap * Log2.LogE));
        }

        if (score.AlibiSlopes is { } slopes)
        {
            Modifiers |= ScoreModifiers.Alibi;
            SlopesLog2 = PerHead(slopes, spec.NumHeadsQ);
        }

        if (score.RelativeBias is { } bias)
        {
            Modifiers |= ScoreModifiers.Bias;
            BiasLog2 = PerHead(bias.Table, spec.NumHeadsQ);
            BiasRadius = bias.Radius;
            _laneBias = new Lazy<LaneBias>(() => new LaneBias(BiasLog2, spec.NumHeadsQ, spec.GroupSize, BiasRadius));
        }

        if (score is AdditiveScore additive)
        {
            AdditiveLog2 = PerHead(additive.V, spec.NumHeadsQ);
        }
    }

    private CompiledScore(float scaleLog2) => ScaleLog2 = scaleLog2;

    /// <summary>What products of q and k are multiplied by, through q: SmScale · log₂ e, rounded once to float.</summary>
    public float ScaleLog2 { get; }

    /// <summary>Whether the score is v · tanh(q + k), and not a product.</summary>
    internal bool IsAdditive => AdditiveLog2 is not null;

    internal ScoreModifiers Modifiers { get; }

    /// <summary>The soft cap in base 2.</summary>
    internal float CapLog2 { get; }

    /// <summary>1 over the soft cap in base 2, rounded once.</summary>
    internal float PerCapLog2 { get; }

    /// <summary>[NumHeadsQ].</summary>
    internal float[] SlopesLog2 { get; } = [];

    /// <summary>[NumHeadsQ, 2 · radius + 1].</summary>
    internal float[] BiasLog2 { get; } = [];

    internal int BiasRadius { get; }

    /// <summary>The bias as prefill reads it; made when first asked for.</summary>
    internal LaneBias LaneBias => _laneBias!.Value;

    /// <summary>v of an additive score in base 2, [NumHeadsQ, StoredHeadDim]; null for products.</summary>
    internal float[]? AdditiveLog2 { get; }

    /// <summary>Makes a score ready.</summary>
    /// <param name="score">The score over prepared queries, valid for the sequence.</param>
    /// <param name="spec">The sequence's shape.</param>
    public static CompiledScore Compile(ScoreFunction score, SequenceSpec spec)
    {
        ArgumentNullException.ThrowIfNull(score);
        ArgumentNullException.ThrowIfNull(spec);
        return new CompiledScore(score, spec);
    }

    /// <summary>The scaled dot product of a factor in base 2.</summary>
    /// <param name="scaleLog2">See <see cref="ScaleLog2"/>.</param>
    public static CompiledScore OfScale(float scaleLog2) => new(scaleLog2);

    /// <summary>The sinks of a score in base 2, [NumHeadsQ]; empty if it has none.</summary>
    /// <param name="score">The score.</param>
    /// <param name="numHeadsQ">Query heads.</param>
    public static float[] SinksLog2(ScoreFunction score, int numHeadsQ) =>
        score.SinkLogits is { } sinks ? PerHead(sinks, numHeadsQ) : [];

    private static float ToLog2(float natural) => (float)(natural * Log2.LogE);

    /// <summary>In base 2, each rounded once; a table for all heads is repeated for each.</summary>
    private static float[] PerHead(FloatTable table, int heads)
    {
        int length = table.Values.Length / table.Shape[0];
        float[] values = new float[heads * length];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = ToLog2(table.Values[i % table.Values.Length]);
        }

        return values;
    }
}
