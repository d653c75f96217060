namespace DistAttention.Kernels;

/// <summary>What a mask hides.</summary>
internal sealed class CompiledComplementMask : CompiledMask
{
    private readonly CompiledMask _mask;

    private CompiledComplementMask(CompiledMask mask) => _mask = mask;

    /// <summary>The complement: of a band that is open on one side, again a band.</summary>
    public static CompiledMask Of(CompiledMask mask) => mask switch
    {
        CompiledComplementMask complement => complement._mask,
        CompiledBandMask { Lower: CompiledBandMask.NoLower } band => new CompiledBandMask(band.Upper + 1, CompiledBandMask.NoUpper),
        CompiledBandMask { Upper: CompiledBandMask.NoUpper } band => new CompiledBandMask(CompiledBandMask.NoLower, band.Lower - 1),
        _ => new CompiledComplementMask(mask),
    };

    public override Coverage Cover(PositionRange q, PositionRange kv) => q.IsEmpty || kv.IsEmpty
        ? Coverage.None
        : _mask.Cover(q, kv) switch
        {
            Coverage.None => Coverage.Full,
            Coverage.Full => Coverage.None,
            _ => Coverage.Masked,
        };

    public override long SameUntil(long qPos, PositionRange kv) => _mask.SameUntil(qPos, kv);

    public override PairCount CountVisible(PositionRange q, PositionRange kv, ref long budget)
    {
        Int128 all = Ranges.Pairs(q, kv);
        PairCount hidden = _mask.CountVisible(q, kv, ref budget);
        return new PairCount(all - hidden.Upper, all - hidden.Lower);
    }

    public override void Fill(PositionRange q, long kvStart, Span<uint> bits)
    {
        bits = bits[..((int)q.Length * TileWords)];
        _mask.Fill(q, kvStart, bits);
        foreach (ref uint word in bits)
        {
            word = ~word;
        }
    }
}
