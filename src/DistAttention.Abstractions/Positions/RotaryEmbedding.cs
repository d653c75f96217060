namespace DistAttention;

/// <summary>
/// Rotary position embedding: pair i of q and of k is turned by position × frequency i, so that their product depends on
/// the distance (Su et al., RoFormer, 2021). Frequencies are computed here, once, in float64, and travel as data.
/// </summary>
public sealed record RotaryEmbedding
{
    /// <summary>Positions are turned exactly up to this size; calls beyond it are refused.</summary>
    public const long MaxPosition = 1L << 40;

    private readonly double[] _inverseFrequencies;

    /// <summary>A rotation by given frequencies.</summary>
    /// <param name="inverseFrequencies">Angle per position of each pair, finite and at most 2 in size.</param>
    public RotaryEmbedding(ReadOnlySpan<double> inverseFrequencies)
    {
        Ensure.That(!inverseFrequencies.IsEmpty && inverseFrequencies.Length <= SequenceFormat.MaxHeadDim / 2, nameof(InverseFrequencies), $"{inverseFrequencies.Length} pairs are not between 1 and {SequenceFormat.MaxHeadDim / 2}");
        foreach (double frequency in inverseFrequencies)
        {
            Ensure.That(Math.Abs(frequency) <= 2, nameof(InverseFrequencies), $"{frequency} is not between −2 and 2");
        }

        _inverseFrequencies = inverseFrequencies.ToArray();
    }

    /// <summary>Angle per position of each pair, in radians.</summary>
    public ReadOnlySpan<double> InverseFrequencies => _inverseFrequencies;

    /// <summary>Components turned: two per frequency. The others of a head stay as they are (partial rotation).</summary>
    public int Dims => 2 * _inverseFrequencies.Length;

    /// <summary>The first component turned. Default 0; latent layouts keep their rotated part behind the values.</summary>
    public int FirstDim
    {
        get;
        init
        {
            Ensure.That(value is >= 0 and < SequenceFormat.MaxHeadDim, nameof(FirstDim), $"{value} is not between 0 and {SequenceFormat.MaxHeadDim - 1}");
            field = value;
        }
    }

    /// <summary>Which components form a pair. Default halves.</summary>
    public RopeLayout Layout
    {
        get;
        init
        {
            Ensure.That(Enum.IsDefined(value), nameof(Layout), $"{(int)value} is not a layout");
            field = value;
        }
    }

    /// <summary>What turned components of q and of k are multiplied by (YaRN's temperature: its square acts on scores). Default 1.</summary>
    public double AttentionFactor
    {
        get;
        init
        {
            Ensure.That(value is >= 1e-6 and <= 1e6, nameof(AttentionFactor), $"{value} is not between 1e-6 and 1e6");
            field = value;
        }
    } = 1;

    /// <summary>The plain rotation: frequency i is base^(−2i/dims).</summary>
    /// <param name="dims">Components turned, an even number.</param>
    /// <param name="frequencyBase">Larger turns more slowly. At least 1.</param>
    public static RotaryEmbedding Standard(int dims, double frequencyBase = 10_000) => new(Frequencies(dims, frequencyBase));

    /// <summary>Positions divided by a factor (position interpolation, Chen et al. 2023).</summary>
    /// <param name="dims">Components turned, an even number.</param>
    /// <param name="factor">How much longer than trained for, at least 1.</param>
    /// <param name="frequencyBase">The base.</param>
    public static RotaryEmbedding Linear(int dims, double factor, double frequencyBase = 10_000)
    {
        RequireFactor(factor);
        return new RotaryEmbedding(Array.ConvertAll(Frequencies(dims, frequencyBase), f => f / factor));
    }

    /// <summary>A larger base, so that slow pairs are interpolated and fast ones are not (NTK-aware scaling, 2023): base · factor^(dims / (dims − 2)).</summary>
    /// <param name="dims">Components turned, an even number, at least 4.</param>
    /// <param name="factor">How much longer than trained for, at least 1.</param>
    /// <param name="frequencyBase">The base.</param>
    public static RotaryEmbedding Ntk(int dims, double factor, double frequencyBase = 10_000)
    {
        RequireFactor(factor);
        Ensure.That(dims >= 4, nameof(Dims), $"{dims} is not at least 4");
        return new RotaryEmbedding(Frequencies(dims, frequencyBase * Math.Pow(factor, dims / (dims - 2.0))));
    }

    /// <summary>
    /// YaRN (Peng et al. 2023): pairs that turn more than <paramref name="betaFast"/> times over the trained length stay,
    /// those that turn less than <paramref name="betaSlow"/> times are interpolated, a ramp lies between; components are
    /// multiplied by 0.1 · ln(factor) + 1.
    /// </summary>
    /// <param name="dims">Components turned, an even number.</param>
    /// <param name="factor">How much longer than trained for, at least 1.</param>
    /// <param name="trainedLength">Positions the model was trained for.</param>
    /// <param name="frequencyBase">The base.</param>
    /// <param name="betaFast">Turns from which on a pair stays.</param>
    /// <param name="betaSlow">Turns up to which a pair is interpolated.</param>
    public static RotaryEmbedding Yarn(int dims, double factor, long trainedLength, double frequencyBase = 10_000, double betaFast = 32, double betaSlow = 1)
    {
        RequireFactor(factor);
        Ensure.That(trainedLength >= 1, nameof(Yarn), $"a trained length of {trainedLength} is not at least 1");
        Ensure.That(betaSlow > 0 && betaFast > betaSlow && double.IsFinite(betaFast), nameof(Yarn), $"{betaSlow} and {betaFast} turns are no range");
        Ensure.That(frequencyBase > 1, nameof(Yarn), $"a base of {frequencyBase} is not above 1");
        double[] frequencies = Frequencies(dims, frequencyBase);
        double low = Math.Max(0, Math.Floor(PairThatTurns(betaFast)));
        double high = Math.Min(dims - 1, Math.Ceiling(PairThatTurns(betaSlow)));
        double width = high == low ? 0.001 : high - low;
        for (int i = 0; i < frequencies.Length; i++)
        {
            double interpolated = Math.Clamp((i - low) / width, 0, 1);
            frequencies[i] = (frequencies[i] / factor * interpolated) + (frequencies[i] * (1 - interpolated));
        }

        return new RotaryEmbedding(frequencies) { AttentionFactor = (0.1 * Math.Log(factor)) + 1 };

        double PairThatTurns(double times) => dims * Math.Log(trainedLength / (times * 2 * Math.PI)) / (2 * Math.Log(frequencyBase));
    }

    /// <summary>The frequencies base^(−2i/dims).</summary>
    /// <param name="count">How many.</param>
    /// <param name="dims">Components that they are shared out over.</param>
    /// <param name="frequencyBase">The base.</param>
    public static double[] Frequencies(int count, int dims, double frequencyBase) =>
        [.. Enumerable.Range(0, count).Select(i => Math.Pow(frequencyBase, -2.0 * i / dims))];

    /// <summary>Whether both turn the same components by the same angles.</summary>
    /// <param name="other">The other one.</param>
    public bool Equals(RotaryEmbedding? other) =>
        other is not null
        && (FirstDim, Layout, AttentionFactor) == (other.FirstDim, other.Layout, other.AttentionFactor)
        && InverseFrequencies.SequenceEqual(other.InverseFrequencies);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(FirstDim, Layout, AttentionFactor, Dims, _inverseFrequencies[0], _inverseFrequencies[^1]);

    private static double[] Frequencies(int dims, double frequencyBase)
    {
        Ensure.That(dims is >= 2 and <= SequenceFormat.MaxHeadDim && dims % 2 == 0, nameof(Dims), $"{dims} is not an even number between 2 and {SequenceFormat.MaxHeadDim}");
        Ensure.That(frequencyBase >= 1 && double.IsFinite(frequencyBase), "FrequencyBase", $"{frequencyBase} is not at least 1");
        return Frequencies(dims / 2, dims, frequencyBase);
    }

    private static void RequireFactor(double factor) => Ensure.That(factor is >= 1 and <= 1e9, "Factor", $"{factor} is not between 1 and 1e9");
}
