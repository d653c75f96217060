using DistAttention.Engine.TensorFiles;

namespace DistAttention.Cli.Arguments;

/// <summary>A mask as the command line gives it: its grammar is checked at once, its files are read when it is known where q stands.</summary>
/// <param name="Text">The text.</param>
internal sealed record MaskText(string Text)
{
    /// <summary>What the help says of the option.</summary>
    public const string Help = """
        Which positions a query sees: full (the default), causal, window:LEFT,RIGHT, last:N, prefix:N, chunk:N, dilated:STRIDE, streaming:sinks=4,window=1024, segments:ids.npy, longformer:window=256,global=0;17, bigbird:window=3,global=2,random=3,seed=1, image:H,W,window=7, graph:indptr.npy,indices.npy, blocks:map.npy, bits:mask.npy; joined by & and |, negated by !, with parentheses.
        """;

    public static MaskText Full { get; } = new("full");

    /// <summary>Checks the grammar.</summary>
    /// <exception cref="MaskSyntaxException">Points at the character that is wrong.</exception>
    public static MaskText Parse(string text)
    {
        AttentionMask.CheckSyntax(text);
        return new MaskText(text);
    }

    /// <summary>Reads the files it names.</summary>
    /// <param name="firstQueryPosition">Where row 0 of q stands, and so that of a matrix whose place the text does not say.</param>
    public AttentionMask Read(long firstQueryPosition) => AttentionMask.Parse(Text, new MaskFiles(firstQueryPosition));
}
