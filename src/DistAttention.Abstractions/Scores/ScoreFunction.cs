namespace DistAttention;

/// <summary>
/// How a query and a key make a score: immutable data with value equality, evaluated by the kernels. What every kind of
/// score may be modified by comes in this order, and before the mask: soft cap, then slope times distance, then relative
/// bias; the sink joins the softmax once, at the end.
/// </summary>
public abstract record ScoreFunction
{
    /// <summary>Sizes of slopes, biases and sinks at most: no modifier can make a finite score overflow.</summary>
    public const float MaxModifier = 1e9f;

    private protected ScoreFunction()
    {
    }

    /// <summary>Scaled dot product with the usual scale, 1/√HeadDim.</summary>
    public static ScoreFunction ScaledDot { get; } = new ScaledDotScore();

    /// <summary>Plain dot product.</summary>
    public static ScoreFunction Dot { get; } = new DotScore();

    /// <summary>score ← c · tanh(score / c): scores never exceed c in size (Gemma 2, 2024, section 2). Null (the default): none. 1e−9 to 1e9.</summary>
    public float? SoftCap
    {
        get;
        init => field = value is null or (>= 1 / MaxModifier and <= MaxModifier)
            ? value
            : throw new InvalidSpecException(nameof(SoftCap), $"{value} is not between {1 / MaxModifier} and {MaxModifier}");
    }

    /// <summary>
    /// score ← score + slope · (kvPos − qPos), one slope per query head, [NumHeadsQ], or one for all, [1] (ALiBi, Press et
    /// al. 2022). <see cref="Alibi.Slopes"/> gives the usual ones. Null (the default): none.
    /// </summary>
    public FloatTable? AlibiSlopes
    {
        get;
        init => field = RequireModifier(value, nameof(AlibiSlopes), rank: 1);
    }

    /// <summary>score ← score + a learned number per head and distance. Null (the default): none.</summary>
    public RelativeBias? RelativeBias { get; init; }

    /// <summary>
    /// The logit of a sink per query head, [NumHeadsQ], or one for all, [1]: exp(sink) joins the sum of weights without a
    /// value of its own, and so lse includes it (attention sinks, Xiao et al. 2023; gpt-oss, 2025). A row that sees nothing
    /// then answers 0 with lse = sink. Null (the default): none.
    /// </summary>
    public FloatTable? SinkLogits
    {
        get;
        init => field = RequireModifier(value, nameof(SinkLogits), rank: 1);
    }

    /// <summary>The factor between what a query and a key give and the score, for a head of the given size.</summary>
    /// <param name="headDim">Components of one head of q and k.</param>
    public abstract float EffectiveScale(int headDim);

    /// <summary>
    /// The score that is left for the owners of keys to compute once q has been projected and turned at the door and the
    /// sink is taken care of there: nothing that has one number per pair of components travels to them.
    /// </summary>
    public abstract ScoreFunction OverPreparedQueries();

    /// <summary>Checks that tables have the shapes a sequence asks for.</summary>
    /// <param name="spec">The sequence's shape.</param>
    /// <exception cref="InvalidSpecException">Names the first property that is wrong, and why.</exception>
    public virtual void ValidateFor(SequenceSpec spec)
    {
        RequireHeads(AlibiSlopes, nameof(AlibiSlopes), spec.NumHeadsQ);
        RequireHeads(RelativeBias?.Table, nameof(RelativeBias), spec.NumHeadsQ);
        RequireHeads(SinkLogits, nameof(SinkLogits), spec.NumHeadsQ);
    }

    private protected static void RequireHeads(FloatTable? table, string property, int heads) => Ensure.That(
        table is null || table.Shape[0] == 1 || table.Shape[0] == heads,
        property,
        $"its shape {table} is for {table?.Shape[0]} query heads; the sequence has {heads}");

    /// <summary>Where the stored key is not of q's size, only a score that projects q to it will do.</summary>
    private protected static void RequireSameSize(SequenceSpec spec, string what) => Ensure.That(
        spec.StoredHeadDim == spec.HeadDim,
        nameof(AttendOptions.Score),
        $"{what} needs keys of q's size {spec.HeadDim}; this sequence projects them to {spec.StoredHeadDim}");

    internal static FloatTable? RequireModifier(FloatTable? table, string property, int rank)
    {
        if (table is not null)
        {
            Ensure.That(table.Shape.Length == rank, property, $"its shape {table} has not {rank} dimension{(rank == 1 ? "" : "s")}");
            Ensure.That(table.LargestSize <= MaxModifier, property, $"it holds a number larger than {MaxModifier}");
        }

        return table;
    }
}
