namespace DistAttention.Kernels;

/// <summary>A query sees its own chunk and some on each side.</summary>
internal sealed class CompiledChunkMask(ChunkMask mask) : CompiledMonotoneMask
{
    private readonly long _length = mask.Length;
    private readonly long _back = mask.Back;
    private readonly long _ahead = mask.Ahead;

    /// <inheritdoc/>
    /// <remarks>By the chunks that the queries stand in and that see any of the positions.</remarks>
    public override PairCount CountVisible(PositionRange q, PositionRange kv, ref long budget)
    {
        PositionRange near = q.Intersect(new PositionRange(
            (Ranges.FloorDiv(kv.Start, _length) - _ahead) * _length,
            (Ranges.FloorDiv(kv.End - 1, _length) + _back + 1) * _length));
        Int128 count = 0;
        for (long qPos = near.Start; qPos < near.End;)
        {
            long end = Math.Min(near.End, (Ranges.FloorDiv(qPos, _length) + 1) * _length);
            count += (Int128)(end - qPos) * RangeOf(qPos).Intersect(kv).Length;
            qPos = end;
        }

        return PairCount.Exactly(count);
    }

    public override long SameUntil(long qPos, PositionRange kv) => (Ranges.FloorDiv(qPos, _length) + 1) * _length;

    protected override PositionRange RangeOf(long qPos)
    {
        long chunk = Ranges.FloorDiv(qPos, _length);
        return new PositionRange((chunk - _back) * _length, (chunk + _ahead + 1) * _length);
    }
}
