namespace DistAttention.Kernels;

/// <summary>
/// Neighbours in a graph, looked up row by row. For ranges of many rows, the blocks of positions that each group of rows touches were
/// listed once, so that most of a graph is told to be None quickly.
/// </summary>
internal sealed class CompiledGraphMask : CompiledMask
{
    private const int GroupRows = 64;

    private readonly GraphMask _mask;
    private readonly PositionRange _extent;
    private readonly int[] _groupStarts; // [groups + 1], into _blocks
    private readonly int[] _blocks; // blocks of positions that a group touches, ascending

    public CompiledGraphMask(GraphMask mask)
    {
        _mask = mask;
        _extent = mask.QueryExtent;
        int groups = (int)((_extent.Length + GroupRows - 1) / GroupRows);
        _groupStarts = new int[groups + 1];
        List<int> blocks = [];
        List<int> touched = [];
        for (int group = 0; group < groups; group++)
        {
            long first = (long)group * GroupRows;
            long end = Math.Min(_extent.Length, first + GroupRows);
            touched.Clear();
            int last = -1;
            foreach (int index in mask.Indices[(int)mask.Indptr[(int)first]..(int)mask.Indptr[(int)end]])
            {
                int block = index / SequenceFormat.BlockLength;
                if (block != last)
                {
                    touched.Add(block);
                    last = block;
                }
            }

            touched.Sort();
            last = -1;
            foreach (int block in touched)
            {
                if (block != last)
                {
                    blocks.Add(block);
                    last = block;
                }
            }

            _groupStarts[group + 1] = blocks.Count;
        }

        _blocks = [.. blocks];
    }

    public override Coverage Cover(PositionRange q, PositionRange kv)
    {
        PositionRange rows = q.Intersect(_extent);
        if (rows.IsEmpty || kv.IsEmpty)
        {
            return Coverage.None;
        }

        if (rows.Length > GroupRows)
        {
            return CoverGroups(q, rows, kv);
        }

        bool any = false;
        bool all = rows == q;
        for (long qPos = rows.Start; qPos < rows.End && (all || !any); qPos++)
        {
            long seen = CountIn(qPos, kv);
            any |= seen > 0;
            all &= seen == kv.Length;
        }

        return !any ? Coverage.None : all ? Coverage.Full : Coverage.Masked;
    }

    public override PositionRange Needed(PositionRange q, PositionRange kv)
    {
        PositionRange rows = q.Intersect(_extent);
        if (rows.Length > GroupRows)
        {
            return kv;
        }

        (long first, long end) = (long.MaxValue, long.MinValue);
        for (long qPos = rows.Start; qPos < rows.End; qPos++)
        {
            ReadOnlySpan<int> seen = SeenIn(qPos, kv);
            if (!seen.IsEmpty)
            {
                (first, end) = (Math.Min(first, seen[0]), Math.Max(end, seen[^1] + 1L));
            }
        }

        return first >= end ? Nothing(kv) : new PositionRange(first, end);
    }

    public override PairCount CountVisible(PositionRange q, PositionRange kv, ref long budget)
    {
        PositionRange rows = q.Intersect(_extent);
        Int128 count = 0;
        for (long qPos = rows.Start; qPos < rows.End; qPos++)
        {
            count += CountIn(qPos, kv);
        }

        return PairCount.Exactly(count);
    }

    public override void Fill(PositionRange q, long kvStart, Span<uint> bits)
    {
        bits[..((int)q.Length * TileWords)].Clear();
        PositionRange tile = new(kvStart, kvStart + SequenceFormat.BlockLength);
        for (long qPos = q.Start; qPos < q.End; qPos++)
        {
            Span<uint> row = TileBits.Row(bits, qPos - q.Start);
            foreach (int index in SeenIn(qPos, tile))
            {
                int key = (int)(index - kvStart);
                row[key >> 5] |= 1u << (key & 31);
            }
        }
    }

    private ReadOnlySpan<int> SeenIn(long qPos, PositionRange kv)
    {
        ReadOnlySpan<int> neighbours = _mask.Neighbours(qPos);
        return neighbours[GraphMask.FirstAtLeast(neighbours, kv.Start)..GraphMask.FirstAtLeast(neighbours, kv.End)];
    }

    private long CountIn(long qPos, PositionRange kv) => kv.IsEmpty ? 0 : SeenIn(qPos, kv).Length;

    private Coverage CoverGroups(PositionRange q, PositionRange rows, PositionRange kv)
    {
        long firstBlock = kv.Start / SequenceFormat.BlockLength;
        long lastBlock = (kv.End - 1) / SequenceFormat.BlockLength;
        bool all = rows == q;
        long firstGroup = (rows.Start - _extent.Start) / GroupRows;
        long lastGroup = (rows.End - 1 - _extent.Start) / GroupRows;
        bool any = false;
        for (long group = firstGroup; group <= lastGroup && !any; group++)
        {
            ReadOnlySpan<int> touched = _blocks.AsSpan(_groupStarts[group].._groupStarts[group + 1]);
            int first = GraphMask.FirstAtLeast(touched, firstBlock);
            any = first < touched.Length && touched[first] <= lastBlock;
        }

        if (!any)
        {
            return Coverage.None;
        }

        for (long qPos = rows.Start; qPos < rows.End && all; qPos++)
        {
            all = CountIn(qPos, kv) == kv.Length;
        }

        return all ? Coverage.Full : Coverage.Masked;
    }
}
