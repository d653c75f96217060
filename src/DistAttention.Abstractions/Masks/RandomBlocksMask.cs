using System.Globalization;

namespace DistAttention;

/// <summary>
/// Each block of queries sees <see cref="Count"/> random blocks of positions, the same in every process and at every length: the random
/// part of BigBird (Zaheer et al. 2020). They are drawn for query block i by Floyd's method (Bentley and Floyd 1987) with hashes of
/// (seed, i, draw) as its random numbers, so no table is needed.
/// </summary>
/// <remarks>
/// Query block i draws among the blocks of [0, <see cref="Length"/>), or, without a length, among those before i. Left out are
/// the blocks up to <see cref="Reach"/> from its own (its own always) and the <see cref="First"/> first ones: a window and global
/// blocks that are visible anyway. Where no more than Count blocks are left, all are drawn. Queries before position 0 see nothing.
/// </remarks>
public sealed record RandomBlocksMask : AttentionMask
{
    /// <summary>The largest <see cref="Count"/>.</summary>
    public const int MaxCount = 256;

    /// <summary>Makes the mask.</summary>
    /// <param name="block">See <see cref="Block"/>.</param>
    /// <param name="count">See <see cref="Count"/>.</param>
    /// <param name="seed">See <see cref="Seed"/>.</param>
    /// <param name="length">See <see cref="Length"/>.</param>
    /// <param name="reach">See <see cref="Reach"/>.</param>
    /// <param name="first">See <see cref="First"/>.</param>
    public RandomBlocksMask(long block, int count, ulong seed, long? length, long reach, long first)
    {
        Block = MaskRules.InRange(block, nameof(Block), 1);
        Count = (int)MaskRules.InRange(count, nameof(Count), 0, MaxCount);
        Seed = seed;
        Length = length is { } l ? MaskRules.InRange(l, nameof(Length), 0) : null;
        Reach = MaskRules.InRange(reach, nameof(Reach), 0);
        First = MaskRules.InRange(first, nameof(First), 0);
    }

    /// <summary>Positions per block.</summary>
    public long Block { get; }

    /// <summary>Blocks drawn per query block.</summary>
    public int Count { get; }

    /// <summary>Decides what is drawn.</summary>
    public ulong Seed { get; }

    /// <summary>Positions among whose blocks is drawn; null: those before the query block.</summary>
    public long? Length { get; }

    /// <summary>Blocks on each side of a query block that are never drawn.</summary>
    public long Reach { get; }

    /// <summary>First blocks that are never drawn.</summary>
    public long First { get; }

    /// <summary>The blocks that a query block sees.</summary>
    /// <param name="queryBlock">⌊q / Block⌋.</param>
    /// <param name="blocks">Receives them, ascending; at least <see cref="Count"/> long.</param>
    /// <returns>How many.</returns>
    public int Draw(long queryBlock, Span<long> blocks)
    {
        (PositionRange before, PositionRange after) = Eligible(queryBlock);
        long eligible = before.Length + after.Length;
        int count = queryBlock < 0 ? 0 : (int)Math.Min(Count, eligible);
        for (int i = 0; i < count; i++)
        {
            // Floyd: of the first last + 1 candidates, one; if it was drawn before, the last.
            long last = eligible - count + i;
            long drawn = (long)Math.BigMul(Hash(queryBlock, i), (ulong)last + 1, out _);
            blocks[i] = blocks[..i].Contains(drawn) ? last : drawn;
        }

        Span<long> found = blocks[..count];
        found.Sort();
        foreach (ref long block in found)
        {
            block = block < before.Length ? before.Start + block : after.Start + (block - before.Length);
        }

        return count;
    }

    /// <summary>The blocks among which a query block draws.</summary>
    /// <param name="queryBlock">⌊q / Block⌋.</param>
    public (PositionRange Before, PositionRange After) Eligible(long queryBlock)
    {
        long end = Length is { } length ? (length + Block - 1) / Block : queryBlock;
        PositionRange before = new(First, Math.Min(end, queryBlock - Reach));
        return (before, new(Math.Max(First, queryBlock + Reach + 1), end));
    }

    /// <inheritdoc/>
    public override bool IsVisible(long qPos, long kvPos)
    {
        Span<long> blocks = stackalloc long[Count];
        int count = Draw(MaskRules.FloorDiv(qPos, Block), blocks);
        return blocks[..count].BinarySearch(MaskRules.FloorDiv(kvPos, Block)) >= 0;
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        string length = Length is null ? "" : $",length={Length}";
        string reach = Reach == 0 ? "" : $",reach={Reach}";
        string first = First == 0 ? "" : $",first={First}";
        return string.Create(CultureInfo.InvariantCulture, $"random:block={Block},count={Count},seed={Seed}{length}{reach}{first}");
    }

    // SplitMix64's finaliser (Steele, Lea and Flood 2014), over the three numbers one after the other.
    private ulong Hash(long queryBlock, int draw) => Mix(Mix(Mix(Seed) ^ (ulong)queryBlock) ^ (ulong)draw);

    private static ulong Mix(ulong z)
    {
        z += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    private protected override void Describe(MaskDigest digest) =>
        digest.Kind("random").Add(Block).Add(Count).Add((long)Seed).Add(Length).Add(Reach).Add(First);
}
