namespace DistAttention.Kernels;

/// <summary>
/// Random blocks, drawn anew whenever they are asked for. Ranges of more than a few query blocks are decided by where blocks
/// may be drawn at all: with so many draws they are as good as everywhere.
/// </summary>
internal sealed class CompiledRandomBlocksMask(RandomBlocksMask mask) : CompiledMask
{
    private const int MostQueryBlocks = 256;

    private readonly long _block = mask.Block;

    public override Coverage Cover(PositionRange q, PositionRange kv)
    {
        PositionRange queries = q.Intersect(new PositionRange(0, long.MaxValue));
        if (queries.IsEmpty || kv.IsEmpty || mask.Count == 0)
        {
            return Coverage.None;
        }

        (PositionRange queryBlocks, PositionRange kvBlocks) = (Blocks(queries), Blocks(kv));
        if (queryBlocks.Length > MostQueryBlocks)
        {
            return MayBeDrawn(queryBlocks, kvBlocks) ? Coverage.Masked : Coverage.None;
        }

        bool any = false;
        bool all = queries == q;
        Span<long> blocks = stackalloc long[mask.Count];
        for (long i = queryBlocks.Start; i < queryBlocks.End && (all || !any); i++)
        {
            int drawn = CountDrawn(i, kvBlocks, blocks);
            any |= drawn > 0;
            all &= drawn == kvBlocks.Length;
        }

        return !any ? Coverage.None : all ? Coverage.Full : Coverage.Masked;
    }

    public override long SameUntil(long qPos, PositionRange kv) => (Ranges.FloorDiv(qPos, _block) + 1) * _block;

    /// <inheritdoc/>
    /// <remarks>By query blocks, each as much as looking at its draws.</remarks>
    public override PairCount CountVisible(PositionRange q, PositionRange kv, ref long budget)
    {
        PositionRange queries = q.Intersect(new PositionRange(0, long.MaxValue));
        if (queries.IsEmpty || kv.IsEmpty || mask.Count == 0)
        {
            return default;
        }

        PositionRange queryBlocks = Blocks(queries);
        if (queryBlocks.Length * mask.Count > budget)
        {
            return new PairCount(0, (Int128)queries.Length * Math.Min(kv.Length, mask.Count * _block));
        }

        budget -= queryBlocks.Length * mask.Count;
        Int128 count = 0;
        Span<long> blocks = stackalloc long[mask.Count];
        for (long i = queryBlocks.Start; i < queryBlocks.End; i++)
        {
            long rows = Positions(i).Intersect(queries).Length;
            foreach (long block in blocks[..mask.Draw(i, blocks)])
            {
                count += (Int128)rows * Positions(block).Intersect(kv).Length;
            }
        }

        return PairCount.Exactly(count);
    }

    public override void Fill(PositionRange q, long kvStart, Span<uint> bits)
    {
        Span<long> blocks = stackalloc long[mask.Count];
        for (long qPos = q.Start; qPos < q.End;)
        {
            long queryBlock = Ranges.FloorDiv(qPos, _block);
            Span<uint> first = TileBits.Row(bits, qPos - q.Start);
            first.Clear();
            foreach (long block in blocks[..mask.Draw(queryBlock, blocks)])
            {
                TileBits.Set(first, kvStart, block * _block, (block + 1) * _block);
            }

            long end = Math.Min(q.End, (queryBlock + 1) * _block);
            for (qPos++; qPos < end; qPos++)
            {
                first.CopyTo(TileBits.Row(bits, qPos - q.Start));
            }
        }
    }

    private PositionRange Positions(long block) => new(block * _block, (block + 1) * _block);

    private PositionRange Blocks(PositionRange positions) =>
        new(Ranges.FloorDiv(positions.Start, _block), Ranges.FloorDiv(positions.End - 1, _block) + 1);

    private int CountDrawn(long queryBlock, PositionRange kvBlocks, Span<long> blocks)
    {
        int count = 0;
        foreach (long block in blocks[..mask.Draw(queryBlock, blocks)])
        {
            count += block >= kvBlocks.Start && block < kvBlocks.End ? 1 : 0;
        }

        return count;
    }

    /// <summary>Whether any of some query blocks draws among some blocks: what the last may draw before itself, the first after itself.</summary>
    private bool MayBeDrawn(PositionRange queryBlocks, PositionRange kvBlocks) =>
        !mask.Eligible(queryBlocks.End - 1).Before.Intersect(kvBlocks).IsEmpty || !mask.Eligible(queryBlocks.Start).After.Intersect(kvBlocks).IsEmpty;
}
