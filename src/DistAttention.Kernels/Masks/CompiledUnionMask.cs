using System.Numerics.Tensors;

namespace DistAttention.Kernels;

/// <summary>What any of some masks sees.</summary>
internal sealed class CompiledUnionMask : CompiledMask
{
    private const int FillRows = 64;

    private readonly CompiledMask[] _masks;

    private CompiledUnionMask(CompiledMask[] masks) => _masks = masks;

    public static CompiledMask Of(CompiledMask[] masks) => masks.Length == 1 ? masks[0] : new CompiledUnionMask(masks);

    public override Coverage Cover(PositionRange q, PositionRange kv)
    {
        Coverage any = Coverage.None;
        foreach (CompiledMask mask in _masks)
        {
            switch (mask.Cover(q, kv))
            {
                case Coverage.Full:
                    return Coverage.Full;
                case Coverage.Masked:
                    any = Coverage.Masked;
                    break;
            }
        }

        return any;
    }

    public override PositionRange Needed(PositionRange q, PositionRange kv)
    {
        PositionRange needed = Nothing(kv);
        foreach (CompiledMask mask in _masks)
        {
            if (mask.Cover(q, kv) == Coverage.None)
            {
                continue;
            }

            PositionRange part = mask.Needed(q, kv);
            needed = needed.IsEmpty ? part : part.IsEmpty ? needed : new PositionRange(Math.Min(needed.Start, part.Start), Math.Max(needed.End, part.End));
        }

        return needed;
    }

    public override long SameUntil(long qPos, PositionRange kv)
    {
        long until = long.MaxValue;
        foreach (CompiledMask mask in _masks)
        {
            until = Math.Min(until, mask.SameUntil(qPos, kv));
        }

        return until;
    }

    public override PairCount CountVisible(PositionRange q, PositionRange kv, ref long budget) => PairCounter.Count(this, q, kv, Bounds, ref budget);

    public override void Fill(PositionRange q, long kvStart, Span<uint> bits)
    {
        Span<uint> more = stackalloc uint[FillRows * TileWords];
        PositionRange tile = new(kvStart, kvStart + SequenceFormat.BlockLength);
        for (long first = q.Start; first < q.End; first += FillRows)
        {
            PositionRange rows = new(first, Math.Min(q.End, first + FillRows));
            Span<uint> to = bits.Slice((int)(first - q.Start) * TileWords, (int)rows.Length * TileWords);
            bool written = false;
            foreach (CompiledMask mask in _masks)
            {
                if (mask.Cover(rows, tile) == Coverage.None)
                {
                    continue;
                }

                if (!written)
                {
                    mask.Fill(rows, kvStart, to);
                    written = true;
                    continue;
                }

                mask.Fill(rows, kvStart, more);
                TensorPrimitives.BitwiseOr(to, more[..to.Length], to);
            }

            if (!written)
            {
                to.Clear();
            }
        }
    }

    /// <summary>At least what each shows; at most what all show if they show different pairs.</summary>
    private PairCount Bounds(PositionRange q, PositionRange kv)
    {
        (Int128 lower, Int128 upper) = (0, 0);
        foreach (CompiledMask mask in _masks)
        {
            long nothing = 0;
            PairCount count = mask.CountVisible(q, kv, ref nothing);
            lower = Int128.Max(lower, count.Lower);
            upper += count.Upper;
        }

        return new PairCount(lower, Int128.Min(upper, Ranges.Pairs(q, kv)));
    }
}
