namespace DistAttention.Kernels;

/// <summary>
/// A mask made ready for the planner and the kernels: what it does to whole ranges, and its bits for one tile. Every
/// answer agrees with <see cref="AttentionMask.IsVisible"/>; <see cref="Coverage.Masked"/> may also mean undecided.
/// </summary>
public abstract class CompiledMask
{
    private protected const int TileWords = SequenceFormat.BlockLength / 32;

    private protected CompiledMask()
    {
    }

    /// <summary>Compiles a mask. The result is immutable and may be shared between threads.</summary>
    /// <param name="mask">The mask.</param>
    public static CompiledMask Compile(AttentionMask mask) => mask switch
    {
        FullMask => CompiledFullMask.Instance,
        CausalMask => CompiledCausalMask.Instance,
        null => throw new ArgumentNullException(nameof(mask)),
        _ => throw new NotSupportedException($"No kernel evaluates the mask '{mask}'."),
    };

    /// <summary>What the mask does to a range of queries against a range of positions. An empty range gives None.</summary>
    /// <param name="q">Positions of the queries.</param>
    /// <param name="kv">Positions of the keys.</param>
    public abstract Coverage Cover(PositionRange q, PositionRange kv);

    /// <summary>
    /// How many leading positions of <paramref name="kv"/> have to be looked at: no query of <paramref name="q"/> sees one
    /// beyond. May be more than necessary, never less.
    /// </summary>
    /// <param name="q">Positions of the queries.</param>
    /// <param name="kv">Positions of the keys.</param>
    public virtual long Needed(PositionRange q, PositionRange kv) => kv.Length;

    /// <summary>Exactly how many (query, position) pairs are visible.</summary>
    /// <param name="q">Positions of the queries.</param>
    /// <param name="kv">Positions of the keys.</param>
    public abstract Int128 CountVisible(PositionRange q, PositionRange kv);

    /// <summary>Writes which keys of one tile each query sees.</summary>
    /// <param name="q">Positions of the queries.</param>
    /// <param name="kvStart">Position of the tile's first key.</param>
    /// <param name="bits">[queries, 8]: bit i of word w is set when the key at kvStart + 32·w + i is visible.</param>
    public abstract void Fill(PositionRange q, long kvStart, Span<uint> bits);
}
