namespace DistAttention;

/// <summary>
/// Which positions a query may attend to: immutable data, evaluated over whole ranges by the planner and over tiles by
/// the kernels, always agreeing with <see cref="IsVisible"/>.
/// </summary>
public abstract record AttentionMask
{
    private protected AttentionMask()
    {
    }

    /// <summary>Every query sees every position.</summary>
    public static AttentionMask Full { get; } = new FullMask();

    /// <summary>A query at position p sees positions 0 to p.</summary>
    public static AttentionMask Causal { get; } = new CausalMask();

    /// <summary>The definition: whether the query at <paramref name="qPos"/> sees <paramref name="kvPos"/>.</summary>
    /// <param name="qPos">Absolute position of the query; negative before the sequence's first position.</param>
    /// <param name="kvPos">Absolute position of the key, at least 0.</param>
    public abstract bool IsVisible(long qPos, long kvPos);

    /// <summary>Reads a mask from its text, as the command line takes it: <c>full</c> or <c>causal</c>.</summary>
    /// <param name="text">The text.</param>
    /// <exception cref="MaskSyntaxException">Points at the character that is wrong.</exception>
    public static AttentionMask Parse(string text) => MaskGrammar.Parse(text);

    /// <summary>The mask as text that <see cref="Parse"/> reads.</summary>
    public abstract override string ToString();
}
