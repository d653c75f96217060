using System.Numerics;

namespace DistAttention.Kernels;

/// <summary>
/// Counts what a mask without a formula shows: halves ranges until coverage decides them or they are a tile, whose bits are
/// counted while the budget lasts.
/// </summary>
internal static class PairCounter
{
    private const int MostRows = 64;

    /// <summary>Counts by parts; what the budget does not reach lies between nothing and all, or where <paramref name="bounds"/> says.</summary>
    public static PairCount Count(CompiledMask mask, PositionRange q, PositionRange kv, Bounds bounds, ref long budget)
    {
        switch (mask.Cover(q, kv))
        {
            case Coverage.None:
                return default;
            case Coverage.Full:
                return PairCount.Exactly(Ranges.Pairs(q, kv));
        }

        PositionRange needed = mask.Needed(q, kv);
        if (needed != kv)
        {
            return Count(mask, q, needed, bounds, ref budget);
        }

        if (budget <= 0)
        {
            return bounds(q, kv);
        }

        long tile = kv.Start / SequenceFormat.BlockLength * SequenceFormat.BlockLength;
        if (kv.End <= tile + SequenceFormat.BlockLength && q.Length <= MostRows)
        {
            budget -= (long)Ranges.Pairs(q, kv);
            return PairCount.Exactly(CountTile(mask, q, kv, tile));
        }

        (PositionRange q1, PositionRange kv1, PositionRange q2, PositionRange kv2) = Halve(q, kv);
        return Count(mask, q1, kv1, bounds, ref budget) + Count(mask, q2, kv2, bounds, ref budget);
    }

    /// <summary>What is known of a part without looking at its pairs.</summary>
    public delegate PairCount Bounds(PositionRange q, PositionRange kv);

    private static (PositionRange Q1, PositionRange Kv1, PositionRange Q2, PositionRange Kv2) Halve(PositionRange q, PositionRange kv)
    {
        const int Tile = SequenceFormat.BlockLength;
        long tiles = ((kv.End - 1) / Tile) - (kv.Start / Tile) + 1;
        if (tiles > 1 && tiles * 4 >= q.Length / MostRows)
        {
            long middle = ((kv.Start / Tile) + (tiles / 2)) * Tile;
            return (q, kv with { End = middle }, q, kv with { Start = middle });
        }

        long row = q.Start + (q.Length / 2);
        return (q with { End = row }, kv, q with { Start = row }, kv);
    }

    private static long CountTile(CompiledMask mask, PositionRange q, PositionRange kv, long tile)
    {
        Span<uint> bits = stackalloc uint[MostRows * TileBits.Words];
        Span<uint> inside = stackalloc uint[TileBits.Words];
        bits = bits[..((int)q.Length * TileBits.Words)];
        mask.Fill(q, tile, bits);
        TileBits.Write(inside, tile, kv.Start, kv.End);
        long count = 0;
        for (int i = 0; i < bits.Length; i++)
        {
            count += BitOperations.PopCount(bits[i] & inside[i % TileBits.Words]);
        }

        return count;
    }
}
