namespace DistAttention.Kernels;

/// <summary>A query sees every stride-th position, those that are (q − offset) modulo the stride.</summary>
internal sealed class CompiledDilatedMask(long stride, long offset) : CompiledMask
{
    public override Coverage Cover(PositionRange q, PositionRange kv)
    {
        if (q.IsEmpty || kv.IsEmpty)
        {
            return Coverage.None;
        }

        // q − k takes every value between its ends.
        long least = q.Start - (kv.End - 1) - offset;
        long most = q.End - 1 - kv.Start - offset;
        if (stride == 1)
        {
            return Coverage.Full;
        }

        bool any = Ranges.FloorDiv(most, stride) * stride >= least;
        return !any ? Coverage.None : least == most ? Coverage.Full : Coverage.Masked;
    }

    public override PositionRange Needed(PositionRange q, PositionRange kv)
    {
        if (q.Length != 1)
        {
            return kv;
        }

        long first = kv.Start + Ranges.FloorMod(q.Start - offset - kv.Start, stride);
        long last = kv.End - 1 - Ranges.FloorMod(kv.End - 1 - (q.Start - offset), stride);
        return first > last ? Nothing(kv) : new PositionRange(first, last + 1);
    }

    /// <inheritdoc/>
    /// <remarks>
    /// A range of n holds each residue ⌊n / stride⌋ times, and once more those of an arc that starts with its first. Queries meet keys of the
    /// residue that is offset less than theirs.
    /// </remarks>
    public override PairCount CountVisible(PositionRange q, PositionRange kv, ref long budget)
    {
        if (q.IsEmpty || kv.IsEmpty)
        {
            return default;
        }

        (long qTimes, long qArc) = Math.DivRem(q.Length, stride);
        (long kvTimes, long kvArc) = Math.DivRem(kv.Length, stride);
        long apart = Ranges.FloorMod(kv.Start + offset - q.Start, stride);
        long inBoth = Overlap(0, qArc, apart, apart + kvArc) + Overlap(0, qArc, apart - stride, apart + kvArc - stride);
        return PairCount.Exactly(((Int128)stride * qTimes * kvTimes) + ((Int128)qTimes * kvArc) + ((Int128)kvTimes * qArc) + inBoth);
    }

    public override void Fill(PositionRange q, long kvStart, Span<uint> bits)
    {
        bits[..((int)q.Length * TileWords)].Clear();
        for (long qPos = q.Start; qPos < q.End; qPos++)
        {
            Span<uint> row = TileBits.Row(bits, qPos - q.Start);
            for (long key = Ranges.FloorMod(qPos - offset - kvStart, stride); key < SequenceFormat.BlockLength; key += stride)
            {
                row[(int)key >> 5] |= 1u << ((int)key & 31);
            }
        }
    }

    private static long Overlap(long start1, long end1, long start2, long end2) => Math.Max(0, Math.Min(end1, end2) - Math.Max(start1, start2));
}
