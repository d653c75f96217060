namespace DistAttention;

/// <summary>The text of a rotary embedding: <c>standard</c>, <c>linear:factor=4</c>, <c>ntk:factor=8,base=500000</c>, <c>yarn:factor=16,trained=4096,dims=64,layout=interleaved</c>.</summary>
/// <param name="Option">The text, its settings checked.</param>
public sealed record RopeText(OptionText Option)
{
    private static readonly string[] _common = ["base", "dims", "first", "layout"];

    /// <summary>Reads a text.</summary>
    /// <param name="text">The text.</param>
    /// <exception cref="FormatException">Points at the character that is wrong.</exception>
    /// <exception cref="InvalidSpecException">A setting is impossible.</exception>
    public static RopeText Parse(string text)
    {
        OptionText option = OptionText.Read(text, "standard", "linear", "ntk", "yarn");
        option.Allow(option.Name switch
        {
            "standard" => _common,
            "yarn" => [.. _common, "factor", "trained", "fast", "slow"],
            _ => [.. _common, "factor"],
        });
        RopeText rope = new(option);
        rope.For(SequenceFormat.MaxHeadDim); // so that what can be wrong without any file is a usage error
        return rope;
    }

    /// <summary>The rotation of keys of a size: all components from the first on, unless the text says how many.</summary>
    /// <param name="headDim">Components of a stored key.</param>
    public RotaryEmbedding For(int headDim)
    {
        double frequencyBase = Option.Number("base") ?? 10_000;
        int first = (int)(Option.WholeNumber("first", 0, SequenceFormat.MaxHeadDim - 1) ?? 0);
        int dims = (int)(Option.WholeNumber("dims", 2, SequenceFormat.MaxHeadDim) ?? (headDim - first) / 2 * 2);
        RotaryEmbedding rope = Option.Name switch
        {
            "standard" => RotaryEmbedding.Standard(dims, frequencyBase),
            "linear" => RotaryEmbedding.Linear(dims, Option.RequiredNumber("factor"), frequencyBase),
            "ntk" => RotaryEmbedding.Ntk(dims, Option.RequiredNumber("factor"), frequencyBase),
            _ => RotaryEmbedding.Yarn(
                dims,
                Option.RequiredNumber("factor"),
                Option.WholeNumber("trained", 1, RotaryEmbedding.MaxPosition) ?? throw Option.Wrong(Option.Name.Length, "'yarn' needs trained=N, the positions it was trained for"),
                frequencyBase,
                Option.Number("fast") ?? 32,
                Option.Number("slow") ?? 1),
        };
        return rope with { FirstDim = first, Layout = Option.Word("layout", "half", "interleaved") == "interleaved" ? RopeLayout.Interleaved : RopeLayout.Half };
    }
}
