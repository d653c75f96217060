namespace DistAttention.Kernels;

/// <summary>Everything is visible.</summary>
internal sealed class CompiledFullMask : CompiledMask
{
    public static readonly CompiledFullMask Instance = new();

    public override bool IsFull => true;

    public override Coverage Cover(PositionRange q, PositionRange kv) => q.IsEmpty || kv.IsEmpty ? Coverage.None : Coverage.Full;

    public override long SameUntil(long qPos, PositionRange kv) => long.MaxValue;

    public override PairCount CountVisible(PositionRange q, PositionRange kv, ref long budget) => PairCount.Exactly(Ranges.Pairs(q, kv));

    public override void Fill(PositionRange q, long kvStart, Span<uint> bits) => bits[..((int)q.Length * TileWords)].Fill(uint.MaxValue);
}
