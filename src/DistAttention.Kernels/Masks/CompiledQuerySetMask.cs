namespace DistAttention.Kernels;

/// <summary>The queries of a set see everything.</summary>
internal sealed class CompiledQuerySetMask(PositionSet queries) : CompiledMask
{
    public override Coverage Cover(PositionRange q, PositionRange kv)
    {
        if (q.IsEmpty || kv.IsEmpty)
        {
            return Coverage.None;
        }

        PositionRange hull = queries.HullIn(q);
        return hull.IsEmpty ? Coverage.None : hull == q && queries.CountIn(q) == q.Length ? Coverage.Full : Coverage.Masked;
    }

    public override PositionRange Needed(PositionRange q, PositionRange kv) => queries.HullIn(q).IsEmpty ? Nothing(kv) : kv;

    public override PairCount CountVisible(PositionRange q, PositionRange kv, ref long budget) =>
        PairCount.Exactly((Int128)queries.CountIn(q) * kv.Length);

    public override void Fill(PositionRange q, long kvStart, Span<uint> bits)
    {
        for (long qPos = q.Start; qPos < q.End; qPos++)
        {
            TileBits.Row(bits, qPos - q.Start).Fill(queries.Contains(qPos) ? uint.MaxValue : 0);
        }
    }
}
