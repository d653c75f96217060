namespace DistAttention.Kernels;

/// <summary>A map of blocks, looked at bit by bit: ranges hold few of them.</summary>
internal sealed class CompiledBlockSparseMask(BlockSparseMask mask) : CompiledMask
{
    private readonly BitMatrix _map = mask.Map;
    private readonly PositionRange _queries = mask.QueryExtent;
    private readonly PositionRange _keys = mask.KvExtent;

    public override Coverage Cover(PositionRange q, PositionRange kv)
    {
        PositionRange queries = q.Intersect(_queries);
        PositionRange keys = kv.Intersect(_keys);
        if (queries.IsEmpty || keys.IsEmpty)
        {
            return Coverage.None;
        }

        PositionRange rows = Blocks(queries, mask.FirstQuery, mask.QueryBlock);
        PositionRange columns = Blocks(keys, mask.FirstKv, mask.KvBlock);
        bool any = false;
        bool all = queries == q && keys == kv;
        for (long row = rows.Start; row < rows.End && (all || !any); row++)
        {
            int set = _map.CountInRow((int)row, (int)columns.Start, (int)columns.End);
            any |= set > 0;
            all &= set == columns.Length;
        }

        return !any ? Coverage.None : all ? Coverage.Full : Coverage.Masked;
    }

    public override PositionRange Needed(PositionRange q, PositionRange kv)
    {
        PositionRange queries = q.Intersect(_queries);
        PositionRange keys = kv.Intersect(_keys);
        if (queries.IsEmpty || keys.IsEmpty)
        {
            return Nothing(kv);
        }

        PositionRange rows = Blocks(queries, mask.FirstQuery, mask.QueryBlock);
        PositionRange columns = Blocks(keys, mask.FirstKv, mask.KvBlock);
        long first = columns.Start;
        while (first < columns.End && !AnyIn(rows, first))
        {
            first++;
        }

        long end = columns.End;
        while (end > first && !AnyIn(rows, end - 1))
        {
            end--;
        }

        PositionRange needed = keys.Intersect(new PositionRange(mask.FirstKv + (first * mask.KvBlock), mask.FirstKv + (end * mask.KvBlock)));
        return needed.IsEmpty ? Nothing(kv) : needed;
    }

    public override long SameUntil(long qPos, PositionRange kv)
    {
        if (qPos < _queries.Start || qPos >= _queries.End)
        {
            return qPos < _queries.Start ? _queries.Start : long.MaxValue;
        }

        return mask.FirstQuery + ((((qPos - mask.FirstQuery) / mask.QueryBlock) + 1) * mask.QueryBlock);
    }

    /// <inheritdoc/>
    /// <remarks>Blocks at the two ends of the positions may be cut; those between are whole.</remarks>
    public override PairCount CountVisible(PositionRange q, PositionRange kv, ref long budget)
    {
        PositionRange queries = q.Intersect(_queries);
        PositionRange keys = kv.Intersect(_keys);
        if (queries.IsEmpty || keys.IsEmpty)
        {
            return default;
        }

        PositionRange rows = Blocks(queries, mask.FirstQuery, mask.QueryBlock);
        PositionRange columns = Blocks(keys, mask.FirstKv, mask.KvBlock);
        Int128 count = 0;
        for (long row = rows.Start; row < rows.End; row++)
        {
            long seen = (long)_map.CountInRow((int)row, (int)columns.Start, (int)columns.End) * mask.KvBlock;
            seen -= _map[(int)row, (int)columns.Start] ? keys.Start - Positions(columns.Start).Start : 0;
            seen -= _map[(int)row, (int)columns.End - 1] ? Positions(columns.End - 1).End - keys.End : 0;
            PositionRange ofRow = new(mask.FirstQuery + (row * mask.QueryBlock), mask.FirstQuery + ((row + 1) * mask.QueryBlock));
            count += (Int128)seen * ofRow.Intersect(queries).Length;
        }

        return PairCount.Exactly(count);
    }

    public override void Fill(PositionRange q, long kvStart, Span<uint> bits)
    {
        bits[..((int)q.Length * TileWords)].Clear();
        PositionRange tile = new PositionRange(kvStart, kvStart + SequenceFormat.BlockLength).Intersect(_keys);
        PositionRange queries = q.Intersect(_queries);
        if (tile.IsEmpty)
        {
            return;
        }

        PositionRange columns = Blocks(tile, mask.FirstKv, mask.KvBlock);
        for (long qPos = queries.Start; qPos < queries.End;)
        {
            long row = (qPos - mask.FirstQuery) / mask.QueryBlock;
            long end = Math.Min(queries.End, mask.FirstQuery + ((row + 1) * mask.QueryBlock));
            Span<uint> first = TileBits.Row(bits, qPos - q.Start);
            for (long column = columns.Start; column < columns.End; column++)
            {
                if (_map[(int)row, (int)column])
                {
                    TileBits.Set(first, kvStart, Positions(column).Start, Positions(column).End);
                }
            }

            for (qPos++; qPos < end; qPos++)
            {
                first.CopyTo(TileBits.Row(bits, qPos - q.Start));
            }
        }
    }

    private static PositionRange Blocks(PositionRange inside, long first, int block) =>
        new((inside.Start - first) / block, ((inside.End - 1 - first) / block) + 1);

    private PositionRange Positions(long column) => new(mask.FirstKv + (column * mask.KvBlock), mask.FirstKv + ((column + 1) * mask.KvBlock));

    private bool AnyIn(PositionRange rows, long column)
    {
        for (long row = rows.Start; row < rows.End; row++)
        {
            if (_map[(int)row, (int)column])
            {
                return true;
            }
        }

        return false;
    }
}
