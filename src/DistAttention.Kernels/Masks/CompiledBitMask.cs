namespace DistAttention.Kernels;

/// <summary>
/// Bits, with a summary of each group of 64 rows × 256 columns (none, some or all set) that decides large ranges; the edges that cut groups
/// are looked at bit by bit.
/// </summary>
internal sealed class CompiledBitMask : CompiledMask
{
    private const int GroupRows = 64;
    private const int GroupColumns = 256;
    private const byte Any = 1;
    private const byte NotAll = 2;

    private readonly BitMatrix _bits;
    private readonly long _firstQuery;
    private readonly long _firstKv;
    private readonly PositionRange _queries;
    private readonly PositionRange _keys;
    private readonly int _groupsAcross;
    private readonly byte[] _groups; // [groups of rows, groups of columns]

    public CompiledBitMask(BitMask mask)
    {
        _bits = mask.Bits;
        _firstQuery = mask.FirstQuery;
        _firstKv = mask.FirstKv;
        _queries = mask.QueryExtent;
        _keys = mask.KvExtent;
        _groupsAcross = (int)(((long)_bits.Columns + GroupColumns - 1) / GroupColumns);
        _groups = new byte[(int)(((long)_bits.Rows + GroupRows - 1) / GroupRows) * _groupsAcross];
        for (int row = 0; row < _bits.Rows; row++)
        {
            ReadOnlySpan<uint> words = _bits.Row(row);
            Span<byte> groups = _groups.AsSpan(row / GroupRows * _groupsAcross, _groupsAcross);
            for (int group = 0; group < groups.Length; group++)
            {
                groups[group] |= groups[group] == (Any | NotAll) ? (byte)0 : Look(words, group * GroupColumns, Math.Min(_bits.Columns, (group + 1) * GroupColumns));
            }
        }
    }

    public override Coverage Cover(PositionRange q, PositionRange kv)
    {
        PositionRange queries = q.Intersect(_queries);
        PositionRange keys = kv.Intersect(_keys);
        if (queries.IsEmpty || keys.IsEmpty)
        {
            return Coverage.None;
        }

        byte found = queries == q && keys == kv ? (byte)0 : NotAll;
        PositionRange rows = new(queries.Start - _firstQuery, queries.End - _firstQuery);
        PositionRange columns = new(keys.Start - _firstKv, keys.End - _firstKv);
        for (long top = rows.Start; top < rows.End && found != (Any | NotAll);)
        {
            long bottom = Math.Min(rows.End, ((top / GroupRows) + 1) * GroupRows);
            for (long left = columns.Start; left < columns.End && found != (Any | NotAll);)
            {
                long right = Math.Min(columns.End, ((left / GroupColumns) + 1) * GroupColumns);
                found |= Look(top, bottom, left, right);
                left = right;
            }

            top = bottom;
        }

        return (found & Any) == 0 ? Coverage.None : (found & NotAll) == 0 ? Coverage.Full : Coverage.Masked;
    }

    public override PositionRange Needed(PositionRange q, PositionRange kv)
    {
        PositionRange needed = kv.Intersect(_keys);
        return needed.IsEmpty || q.Intersect(_queries).IsEmpty ? Nothing(kv) : needed;
    }

    public override PairCount CountVisible(PositionRange q, PositionRange kv, ref long budget)
    {
        PositionRange queries = q.Intersect(_queries);
        PositionRange keys = kv.Intersect(_keys);
        Int128 count = 0;
        for (long qPos = queries.Start; qPos < queries.End && !keys.IsEmpty; qPos++)
        {
            count += _bits.CountInRow((int)(qPos - _firstQuery), (int)(keys.Start - _firstKv), (int)(keys.End - _firstKv));
        }

        return PairCount.Exactly(count);
    }

    public override void Fill(PositionRange q, long kvStart, Span<uint> bits)
    {
        long column = kvStart - _firstKv;
        for (long qPos = q.Start; qPos < q.End; qPos++)
        {
            Span<uint> to = TileBits.Row(bits, qPos - q.Start);
            long row = qPos - _firstQuery;
            if (row < 0 || row >= _bits.Rows)
            {
                to.Clear();
            }
            else if ((column & 31) == 0 && column >= 0 && (column >> 5) + TileWords <= _bits.WordsPerRow)
            {
                _bits.Row((int)row).Slice((int)(column >> 5), TileWords).CopyTo(to);
            }
            else
            {
                for (int word = 0; word < TileWords; word++)
                {
                    to[word] = _bits.WordAt((int)row, column + (32 * word));
                }
            }
        }
    }

    /// <summary>What the bits of a row in some columns are.</summary>
    private static byte Look(ReadOnlySpan<uint> words, int first, int end)
    {
        byte found = 0;
        for (int column = first; column < end && found != (Any | NotAll);)
        {
            int next = Math.Min(end, (column | 31) + 1);
            uint inside = (uint)(((1UL << (next - column)) - 1) << (column & 31));
            uint set = words[column >> 5] & inside;
            found |= (byte)((set != 0 ? Any : 0) | (set != inside ? NotAll : 0));
            column = next;
        }

        return found;
    }

    /// <summary>What the bits of a part of one group are.</summary>
    private byte Look(long top, long bottom, long left, long right)
    {
        byte group = _groups[(top / GroupRows * _groupsAcross) + (left / GroupColumns)];
        bool whole = (bottom == _bits.Rows || bottom % GroupRows == 0) && top % GroupRows == 0
            && (right == _bits.Columns || right % GroupColumns == 0) && left % GroupColumns == 0;
        if (whole || group != (Any | NotAll))
        {
            return group;
        }

        byte found = 0;
        for (long row = top; row < bottom && found != (Any | NotAll); row++)
        {
            found |= Look(_bits.Row((int)row), (int)left, (int)right);
        }

        return found;
    }
}
