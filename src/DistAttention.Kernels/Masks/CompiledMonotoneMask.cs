namespace DistAttention.Kernels;

/// <summary>
/// Each query sees one range of positions, of which neither end ever goes back from a query to the next, and no position lies between the
/// ranges of two neighbours unseen by both: then the first and the last query decide everything.
/// </summary>
internal abstract class CompiledMonotoneMask : CompiledMask
{
    public sealed override Coverage Cover(PositionRange q, PositionRange kv)
    {
        if (q.IsEmpty || kv.IsEmpty)
        {
            return Coverage.None;
        }

        PositionRange first = RangeOf(q.Start);
        PositionRange last = RangeOf(q.End - 1);
        if (last.End <= kv.Start || first.Start >= kv.End || first.IsEmpty)
        {
            return Coverage.None;
        }

        return last.Start <= kv.Start && first.End >= kv.End ? Coverage.Full : Coverage.Masked;
    }

    public sealed override PositionRange Needed(PositionRange q, PositionRange kv)
    {
        PositionRange needed = q.IsEmpty ? default : kv.Intersect(new PositionRange(RangeOf(q.Start).Start, RangeOf(q.End - 1).End));
        return needed.IsEmpty ? Nothing(kv) : needed;
    }

    public sealed override void Fill(PositionRange q, long kvStart, Span<uint> bits)
    {
        for (long qPos = q.Start; qPos < q.End; qPos++)
        {
            PositionRange range = RangeOf(qPos);
            TileBits.Write(TileBits.Row(bits, qPos - q.Start), kvStart, range.Start, range.End);
        }
    }

    /// <summary>What a query sees; empty for all queries or for none.</summary>
    protected abstract PositionRange RangeOf(long qPos);
}
