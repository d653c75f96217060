namespace DistAttention;

/// <content>What masks are made with.</content>
public abstract partial record AttentionMask
{
    /// <summary>Every query sees every position.</summary>
    public static AttentionMask Full { get; } = new FullMask();

    /// <summary>No query sees anything.</summary>
    public static AttentionMask None { get; } = new ComplementMask(Full);

    /// <summary>A query at position p sees positions 0 to p.</summary>
    public static AttentionMask Causal { get; } = new CausalMask();

    /// <summary>What both see.</summary>
    /// <param name="left">A mask.</param>
    /// <param name="right">Another.</param>
    public static AttentionMask operator &(AttentionMask left, AttentionMask right) => IntersectionMask.Of(left, right);

    /// <summary>What either sees.</summary>
    /// <param name="left">A mask.</param>
    /// <param name="right">Another.</param>
    public static AttentionMask operator |(AttentionMask left, AttentionMask right) => UnionMask.Of(left, right);

    /// <summary>What the mask hides.</summary>
    /// <param name="mask">A mask.</param>
    public static AttentionMask operator ~(AttentionMask mask) => ComplementMask.Of(mask);

    /// <summary>A query at p sees p − left to p + right, both ends included; null: no end on that side.</summary>
    /// <param name="left">Positions before its own that a query sees.</param>
    /// <param name="right">Positions after its own that it sees.</param>
    public static AttentionMask SlidingWindow(long? left, long? right) => new SlidingWindowMask(left, right);

    /// <summary>A query at p sees the last <paramref name="count"/> positions up to its own: p − count + 1 to p.</summary>
    /// <param name="count">Positions, its own included; at least 1.</param>
    public static AttentionMask LastPositions(long count) => new LastPositionsMask(count);

    /// <summary>A query sees the chunk of <paramref name="length"/> positions it stands in, and so many chunks before and after it.</summary>
    /// <param name="length">Positions per chunk, at least 1; chunk i starts at i · length.</param>
    /// <param name="back">Whole chunks before its own that a query also sees.</param>
    /// <param name="ahead">Whole chunks after its own that a query also sees.</param>
    public static AttentionMask Chunked(long length, long back = 0, long ahead = 0) => new ChunkMask(length, back, ahead);

    /// <summary>Prefix language model: everybody sees the first <paramref name="count"/> positions; the rest is causal.</summary>
    /// <param name="count">Positions of the prefix.</param>
    public static AttentionMask Prefix(long count) => new PrefixMask(count);

    /// <summary>Everybody sees positions 0 to count − 1 and nothing else: attention sinks, to be combined by <c>|</c>.</summary>
    /// <param name="count">Positions, at least 1.</param>
    public static AttentionMask FirstPositions(long count) => new KeySetMask(PositionSet.FromRange(0, count));

    /// <summary>StreamingLLM: causal, limited to the first <paramref name="sinks"/> positions and the last <paramref name="window"/> ones.</summary>
    /// <param name="sinks">First positions that stay visible.</param>
    /// <param name="window">Last positions, the query's own included; at least 1.</param>
    public static AttentionMask Streaming(long sinks, long window) => new StreamingMask(sinks, window);

    /// <summary>A query at q sees k where (q − k − offset) is a multiple of <paramref name="stride"/>.</summary>
    /// <param name="stride">At least 1.</param>
    /// <param name="offset">Shifts what is seen towards lower positions.</param>
    public static AttentionMask Dilated(long stride, long offset = 0) => new DilatedMask(stride, offset);

    /// <summary>Everybody sees some positions and nothing else.</summary>
    /// <param name="keys">The positions.</param>
    public static AttentionMask Keys(PositionSet keys) => new KeySetMask(keys);

    /// <summary>Queries at some positions see everything, others nothing.</summary>
    /// <param name="queries">The positions.</param>
    public static AttentionMask Queries(PositionSet queries) => new QuerySetMask(queries);

    /// <summary>Global tokens: everybody sees them and, if symmetric, they see everything.</summary>
    /// <param name="tokens">Their positions.</param>
    /// <param name="symmetric">Whether they also see everything.</param>
    public static AttentionMask Global(PositionSet tokens, bool symmetric = true) => new GlobalMask(tokens, symmetric);

    /// <summary>Longformer: a window of <paramref name="window"/> around each position, dilated if asked for, and global tokens.</summary>
    /// <param name="window">Size of the window as in the paper: half of it to each side.</param>
    /// <param name="global">Positions of the global tokens.</param>
    /// <param name="dilation">The window takes every dilation-th position, so reaches so much farther. 1: all.</param>
    /// <param name="symmetric">Whether global tokens also see everything.</param>
    public static AttentionMask Longformer(long window, PositionSet global, long dilation = 1, bool symmetric = true) =>
        new LongformerMask(window, global, dilation, symmetric);

    /// <summary>BigBird: a window of blocks, global first blocks, and random blocks per query block, drawn by a seed.</summary>
    /// <param name="window">Blocks of the window, an odd number: the query's own and as many on each side.</param>
    /// <param name="global">First blocks that are seen by all and see all.</param>
    /// <param name="random">Random blocks per query block.</param>
    /// <param name="seed">Decides the random blocks.</param>
    /// <param name="block">Positions per block.</param>
    /// <param name="length">Positions among whose blocks is drawn; null: each query block draws among the blocks before it, so that a growing sequence keeps its answers.</param>
    public static AttentionMask BigBird(int window, int global, int random, ulong seed, long block = 64, long? length = null) =>
        new BigBirdMask(window, global, random, seed, block, length);

    /// <summary>Pixels of a row-major image see the pixels within a window around them.</summary>
    /// <param name="height">Rows of pixels.</param>
    /// <param name="width">Pixels per row.</param>
    /// <param name="windowHeight">Rows of the window, odd; null: all.</param>
    /// <param name="windowWidth">Columns of the window, odd; null: all.</param>
    /// <param name="start">Position of the first pixel.</param>
    public static AttentionMask Image(int height, int width, int? windowHeight, int? windowWidth, long start = 0) =>
        new ImageMask(height, width, windowHeight, windowWidth, start);

    /// <summary>Parses a mask from its text, files not allowed.</summary>
    /// <param name="text">The text; the grammar is the command line's.</param>
    /// <exception cref="MaskSyntaxException">Points at the character that is wrong.</exception>
    public static AttentionMask Parse(string text) => MaskParser.Parse(text, null);

    /// <summary>Checks the text of a mask without reading the files it names.</summary>
    /// <param name="text">The text.</param>
    /// <exception cref="MaskSyntaxException">Points at the character that is wrong.</exception>
    public static void CheckSyntax(string text) => MaskParser.Parse(text, UnreadFiles.Instance);

    /// <summary>Parses a mask from its text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="files">Reads the files it names.</param>
    /// <exception cref="MaskSyntaxException">Points at the character that is wrong.</exception>
    public static AttentionMask Parse(string text, IMaskFiles files)
    {
        ArgumentNullException.ThrowIfNull(files);
        return MaskParser.Parse(text, files);
    }
}
