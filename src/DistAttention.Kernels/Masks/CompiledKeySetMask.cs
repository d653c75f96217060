namespace DistAttention.Kernels;

/// <summary>All queries see the positions of a set.</summary>
internal sealed class CompiledKeySetMask(PositionSet keys) : CompiledMask
{
    public override Coverage Cover(PositionRange q, PositionRange kv)
    {
        if (q.IsEmpty || kv.IsEmpty)
        {
            return Coverage.None;
        }

        PositionRange hull = keys.HullIn(kv);
        return hull.IsEmpty ? Coverage.None : hull == kv && keys.CountIn(kv) == kv.Length ? Coverage.Full : Coverage.Masked;
    }

    public override long SameUntil(long qPos, PositionRange kv) => long.MaxValue;

    public override PositionRange Needed(PositionRange q, PositionRange kv) => keys.HullIn(kv);

    public override PairCount CountVisible(PositionRange q, PositionRange kv, ref long budget) =>
        PairCount.Exactly((Int128)q.Length * keys.CountIn(kv));

    public override void Fill(PositionRange q, long kvStart, Span<uint> bits)
    {
        if (q.IsEmpty)
        {
            return;
        }

        Span<uint> first = TileBits.Row(bits, 0);
        first.Clear();
        foreach (PositionRange range in keys.RangesIn(new PositionRange(kvStart, kvStart + SequenceFormat.BlockLength)))
        {
            TileBits.Set(first, kvStart, range.Start, range.End);
        }

        for (int row = 1; row < q.Length; row++)
        {
            first.CopyTo(TileBits.Row(bits, row));
        }
    }
}
