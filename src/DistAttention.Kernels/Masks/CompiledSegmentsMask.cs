namespace DistAttention.Kernels;

/// <summary>
/// Documents, by their stretches. Where each document is one stretch and they come in order, two ranges meet when their stretches do;
/// otherwise the documents of the shorter range are looked up among the stretches of the longer one.
/// </summary>
internal sealed class CompiledSegmentsMask : CompiledMask
{
    /// <summary>Stretches of both ranges together that are compared; beyond, what the numbers of the documents say.</summary>
    private const int MostCompared = 4096;

    private readonly SegmentsMask _mask;
    private readonly bool _inOrder;

    public CompiledSegmentsMask(SegmentsMask mask)
    {
        _mask = mask;
        ReadOnlySpan<SegmentRun> runs = mask.Runs;
        _inOrder = true;
        for (int i = 1; i < runs.Length; i++)
        {
            _inOrder &= runs[i].Id > runs[i - 1].Id;
        }
    }

    public override Coverage Cover(PositionRange q, PositionRange kv)
    {
        (int qFirst, int qEnd) = RunsIn(q);
        (int kvFirst, int kvEnd) = RunsIn(kv);
        if (qFirst == qEnd || kvFirst == kvEnd)
        {
            return Coverage.None;
        }

        ReadOnlySpan<SegmentRun> runs = _mask.Runs;
        if (_inOrder)
        {
            bool meet = qFirst < kvEnd && kvFirst < qEnd;
            return !meet ? Coverage.None : qEnd - qFirst == 1 && kvEnd - kvFirst == 1 && Fills(qFirst, q) && Fills(kvFirst, kv) ? Coverage.Full : Coverage.Masked;
        }

        if ((long)(qEnd - qFirst) + (kvEnd - kvFirst) > MostCompared)
        {
            return Coverage.Masked;
        }

        HashSet<long> asking = [];
        foreach (SegmentRun run in runs[qFirst..qEnd])
        {
            asking.Add(run.Id);
        }

        bool any = false;
        bool all = asking.Count == 1 && FilledBy(q, qFirst, qEnd) && FilledBy(kv, kvFirst, kvEnd);
        foreach (SegmentRun run in runs[kvFirst..kvEnd])
        {
            bool met = asking.Contains(run.Id);
            any |= met;
            all &= met;
        }

        return !any ? Coverage.None : all ? Coverage.Full : Coverage.Masked;
    }

    public override long SameUntil(long qPos, PositionRange kv)
    {
        int run = _mask.FirstEndingAfter(qPos);
        return run == _mask.Runs.Length ? long.MaxValue : _mask.Runs[run].Start <= qPos ? _mask.Runs[run].End : _mask.Runs[run].Start;
    }

    public override PositionRange Needed(PositionRange q, PositionRange kv)
    {
        (int qFirst, int qEnd) = RunsIn(q);
        if (qFirst == qEnd)
        {
            return Nothing(kv);
        }

        PositionRange needed = _inOrder ? kv.Intersect(new PositionRange(_mask.Runs[qFirst].Start, _mask.Runs[qEnd - 1].End)) : kv;
        return needed.IsEmpty ? Nothing(kv) : needed;
    }

    /// <inheritdoc/>
    /// <remarks>Each document's queries times its positions.</remarks>
    public override PairCount CountVisible(PositionRange q, PositionRange kv, ref long budget)
    {
        (int qFirst, int qEnd) = RunsIn(q);
        (int kvFirst, int kvEnd) = RunsIn(kv);
        ReadOnlySpan<SegmentRun> runs = _mask.Runs;
        Int128 count = 0;
        if (_inOrder)
        {
            for (int i = Math.Max(qFirst, kvFirst); i < Math.Min(qEnd, kvEnd); i++)
            {
                PositionRange run = new(runs[i].Start, runs[i].End);
                count += (Int128)run.Intersect(q).Length * run.Intersect(kv).Length;
            }

            return PairCount.Exactly(count);
        }

        Dictionary<long, long> queries = [];
        foreach (SegmentRun run in runs[qFirst..qEnd])
        {
            queries[run.Id] = queries.GetValueOrDefault(run.Id) + new PositionRange(run.Start, run.End).Intersect(q).Length;
        }

        foreach (SegmentRun run in runs[kvFirst..kvEnd])
        {
            count += (Int128)queries.GetValueOrDefault(run.Id) * new PositionRange(run.Start, run.End).Intersect(kv).Length;
        }

        return PairCount.Exactly(count);
    }

    public override void Fill(PositionRange q, long kvStart, Span<uint> bits)
    {
        bits[..((int)q.Length * TileWords)].Clear();
        PositionRange tile = new(kvStart, kvStart + SequenceFormat.BlockLength);
        (int kvFirst, int kvEnd) = RunsIn(tile);
        (int qFirst, int qEnd) = RunsIn(q);
        ReadOnlySpan<SegmentRun> runs = _mask.Runs;
        Span<uint> row = stackalloc uint[TileWords];
        for (int i = qFirst; i < qEnd; i++)
        {
            row.Clear();
            foreach (SegmentRun run in runs[kvFirst..kvEnd])
            {
                if (run.Id == runs[i].Id)
                {
                    TileBits.Set(row, kvStart, run.Start, run.End);
                }
            }

            PositionRange queries = q.Intersect(new PositionRange(runs[i].Start, runs[i].End));
            for (long qPos = queries.Start; qPos < queries.End; qPos++)
            {
                row.CopyTo(TileBits.Row(bits, qPos - q.Start));
            }
        }
    }

    private (int First, int End) RunsIn(PositionRange positions)
    {
        if (positions.IsEmpty)
        {
            return (0, 0);
        }

        int first = _mask.FirstEndingAfter(positions.Start);
        int end = _mask.FirstEndingAfter(positions.End - 1);
        return (first, end < _mask.Runs.Length && _mask.Runs[end].Start < positions.End ? end + 1 : end);
    }

    private bool Fills(int run, PositionRange positions) => new PositionRange(_mask.Runs[run].Start, _mask.Runs[run].End).Contains(positions);

    /// <summary>Whether no position of a range lies outside the stretches.</summary>
    private bool FilledBy(PositionRange positions, int first, int end)
    {
        long held = 0;
        foreach (SegmentRun run in _mask.Runs[first..end])
        {
            held += new PositionRange(run.Start, run.End).Intersect(positions).Length;
        }

        return held == positions.Length;
    }
}
