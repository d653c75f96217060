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

    private CompiledScore(float smScale) => ScaleLog2 = ToLog2(smScale);

    /// <summary>What products of q and k are multiplied by, through q: SmScale · log₂ e, rounded once to float.</summary>
    public float ScaleLog2 { get; }

    /// <summary>Whether the score is v · tanh(q + k), and not a product.</summary>
    internal bool IsAdditive => AdditiveLog2 is not null;

    /// <summary>Whether scores are products that nothing modifies.</summary>
    internal bool IsPlain => Modifiers == ScoreModifiers.None && !IsAdditive;

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

    /// <summary>A dot product times a factor.</summary>
    /// <param name="smScale">The factor between q·k and the natural score.</param>
    public static CompiledScore OfScale(float smScale) => new(smScale);

    /// <summary>The sinks of a score in base 2, [NumHeadsQ]; empty if it has none.</summary>
    /// <param name="score">The score.</param>
    /// <param name="numHeadsQ">Query heads.</param>
    public static float[] SinksLog2(ScoreFunction score, int numHeadsQ) =>
        score.SinkLogits is { } sinks ? PerHead(sinks, numHeadsQ) : [];

    /// <summary>The relative biases of neighbouring keys.</summary>
    /// <param name="headQ">The query head.</param>
    /// <param name="distance">kvPos − qPos of the first key.</param>
    /// <param name="biases">Receives one per key.</param>
    internal void CopyBiases(int headQ, long distance, Span<float> biases)
    {
        int length = (2 * BiasRadius) + 1;
        ReadOnlySpan<float> table = BiasLog2.AsSpan(headQ * length, length);
        int before = (int)Math.Clamp(-BiasRadius - distance, 0, biases.Length); // keys at and beyond the near end
        int inside = (int)Math.Clamp(BiasRadius + 1 - distance, before, biases.Length);
        biases[..before].Fill(table[0]);
        table.Slice((int)Math.Clamp(distance + before + BiasRadius, 0, length), inside - before).CopyTo(biases[before..]);
        biases[inside..].Fill(table[^1]);
    }

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
