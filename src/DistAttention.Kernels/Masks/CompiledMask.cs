namespace DistAttention.Kernels;

/// <summary>
/// A mask made ready for the planner and the kernels: what it does to whole ranges, and its bits for one tile. Every
/// answer agrees with <see cref="AttentionMask.IsVisible"/>; <see cref="Coverage.Masked"/> may also mean undecided.
/// </summary>
public abstract class CompiledMask
{
    /// <summary>Pairs that <see cref="CountVisible(PositionRange, PositionRange)"/> looks at one by one, at most.</summary>
    public const long PairsLookedAt = 1_000_000_000;

    private protected const int TileWords = SequenceFormat.BlockLength / 32;

    private protected CompiledMask()
    {
    }

    /// <summary>Whether every query sees every position.</summary>
    public virtual bool IsFull => false;

    /// <summary>Compiles a mask. The result is immutable, may be shared between threads, and is made once per mask.</summary>
    /// <param name="mask">The mask.</param>
    public static CompiledMask Compile(AttentionMask mask) => MaskCompiler.Compile(mask);

    /// <summary>What the mask does to a range of queries against a range of positions. An empty range gives None.</summary>
    /// <param name="q">Positions of the queries.</param>
    /// <param name="kv">Positions of the keys.</param>
    public abstract Coverage Cover(PositionRange q, PositionRange kv);

    /// <summary>
    /// The part of <paramref name="kv"/> that has to be looked at: no query of <paramref name="q"/> sees a position outside. May be
    /// more than necessary, never less.
    /// </summary>
    /// <param name="q">Positions of the queries.</param>
    /// <param name="kv">Positions of the keys.</param>
    public virtual PositionRange Needed(PositionRange q, PositionRange kv) => kv;

    /// <summary>
    /// How far queries see the same of some positions, as far as that is known at little cost: all from <paramref name="qPos"/> up to the
    /// answer, which is past it.
    /// </summary>
    /// <param name="qPos">Position of the first query.</param>
    /// <param name="kv">Positions of the keys.</param>
    public virtual long SameUntil(long qPos, PositionRange kv) => qPos + 1;

    /// <summary>How many (query, position) pairs are visible: exactly where that is a formula or a look at 10⁹ pairs, else bounds.</summary>
    /// <param name="q">Positions of the queries.</param>
    /// <param name="kv">Positions of the keys.</param>
    public PairCount CountVisible(PositionRange q, PositionRange kv)
    {
        long budget = PairsLookedAt;
        return CountVisible(q, kv, ref budget);
    }

    /// <summary>How many (query, position) pairs are visible.</summary>
    /// <param name="q">Positions of the queries.</param>
    /// <param name="kv">Positions of the keys.</param>
    /// <param name="budget">Pairs that may be looked at one by one; what was looked at is taken off.</param>
    public abstract PairCount CountVisible(PositionRange q, PositionRange kv, ref long budget);

    /// <summary>Writes which keys of one tile each query sees.</summary>
    /// <param name="q">Positions of the queries.</param>
    /// <param name="kvStart">Position of the tile's first key.</param>
    /// <param name="bits">[queries, 8]: bit i of word w is set when the key at kvStart + 32·w + i is visible.</param>
    public abstract void Fill(PositionRange q, long kvStart, Span<uint> bits);

    private protected static PositionRange Nothing(PositionRange kv) => new(kv.Start, kv.Start);
}
