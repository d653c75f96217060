namespace DistAttention.Kernels;

/// <summary>A query at q sees q + lower to q + upper: causal masks, windows, and what is common to several of them.</summary>
internal sealed class CompiledBandMask(long lower, long upper) : CompiledMonotoneMask
{
    /// <summary>No end towards lower positions.</summary>
    public const long NoLower = -(1L << 60);

    /// <summary>No end towards higher positions.</summary>
    public const long NoUpper = 1L << 60;

    public static readonly CompiledBandMask Causal = new(NoLower, 0);

    public long Lower => lower;

    public long Upper => upper;

    public override PairCount CountVisible(PositionRange q, PositionRange kv, ref long budget) =>
        PairCount.Exactly(Ranges.CountBand(q, kv, lower, upper));

    public override long SameUntil(long qPos, PositionRange kv)
    {
        PositionRange range = RangeOf(qPos);
        if (range.End <= kv.Start)
        {
            return kv.Start - upper; // none of them before that
        }

        if (range.Start <= kv.Start && range.End >= kv.End)
        {
            return kv.Start - lower + 1; // all of them before that
        }

        return range.Start >= kv.End ? long.MaxValue : qPos + 1;
    }

    protected override PositionRange RangeOf(long qPos) => new(qPos + lower, qPos + upper + 1);
}
