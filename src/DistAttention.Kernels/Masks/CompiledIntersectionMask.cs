using System.Numerics.Tensors;

namespace DistAttention.Kernels;

/// <summary>What all of some masks see.</summary>
internal sealed class CompiledIntersectionMask : CompiledMask
{
    private const int FillRows = 64;

    private readonly CompiledMask[] _masks;

    private CompiledIntersectionMask(CompiledMask[] masks) => _masks = masks;

    /// <summary>The intersection; bands become one band.</summary>
    public static CompiledMask Of(CompiledMask[] masks)
    {
        CompiledBandMask[] bands = [.. masks.OfType<CompiledBandMask>()];
        if (bands.Length > 1)
        {
            CompiledBandMask band = new(bands.Max(static b => b.Lower), bands.Min(static b => b.Upper));
            masks = [band, .. masks.Where(static m => m is not CompiledBandMask)];
        }

        return masks.Length == 1 ? masks[0] : new CompiledIntersectionMask(masks);
    }

    public override Coverage Cover(PositionRange q, PositionRange kv)
    {
        Coverage all = Coverage.Full;
        foreach (CompiledMask mask in _masks)
        {
            switch (mask.Cover(q, kv))
            {
                case Coverage.None:
                    return Coverage.None;
                case Coverage.Masked:
                    all = Coverage.Masked;
                    break;
            }
        }

        return all == Coverage.Masked && Needed(q, kv).IsEmpty ? Coverage.None : all;
    }

    public override PositionRange Needed(PositionRange q, PositionRange kv)
    {
        PositionRange needed = kv;
        foreach (CompiledMask mask in _masks)
        {
            needed = mask.Needed(q, needed);
            if (needed.IsEmpty)
            {
                return Nothing(kv);
            }
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
                if (mask.Cover(rows, tile) == Coverage.Full)
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
                TensorPrimitives.BitwiseAnd(to, more[..to.Length], to);
            }

            if (!written)
            {
                to.Fill(uint.MaxValue);
            }
        }
    }

    /// <summary>At most what each shows; at least what is left when each hides others.</summary>
    private PairCount Bounds(PositionRange q, PositionRange kv)
    {
        Int128 all = Ranges.Pairs(q, kv);
        (Int128 lower, Int128 upper) = (all, all);
        foreach (CompiledMask mask in _masks)
        {
            long nothing = 0;
            PairCount count = mask.CountVisible(q, kv, ref nothing);
            lower -= all - count.Lower;
            upper = Int128.Min(upper, count.Upper);
        }

        return new PairCount(Int128.Max(0, lower), upper);
    }
}
