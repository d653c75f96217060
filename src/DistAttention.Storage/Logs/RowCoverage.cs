namespace DistAttention.Storage.Logs;

/// <summary>Which rows of a shard have been seen, in whatever order they come.</summary>
internal sealed class RowCoverage
{
    private readonly List<PositionRange> _seen = []; // ascending, apart from each other

    /// <summary>Rows seen from the shard's first on, without a gap.</summary>
    public int ContiguousEnd => _seen.Count > 0 && _seen[0].Start == 0 ? (int)_seen[0].End : 0;

    /// <summary>Takes note of rows.</summary>
    /// <param name="rows">By place in the shard.</param>
    public void Add(PositionRange rows)
    {
        if (rows.IsEmpty)
        {
            return;
        }

        int first = _seen.Count;
        while (first > 0 && _seen[first - 1].End >= rows.Start)
        {
            first--;
        }

        int end = first;
        while (end < _seen.Count && _seen[end].Start <= rows.End)
        {
            rows = new PositionRange(Math.Min(rows.Start, _seen[end].Start), Math.Max(rows.End, _seen[end].End));
            end++;
        }

        _seen.RemoveRange(first, end - first);
        _seen.Insert(first, rows);
    }

    /// <summary>Whether one of some rows has been seen.</summary>
    /// <param name="rows">By place in the shard.</param>
    public bool Overlaps(PositionRange rows) => _seen.Exists(seen => !seen.Intersect(rows).IsEmpty);

    /// <summary>What is missing of the first rows.</summary>
    /// <param name="required">How many rows there should be.</param>
    public IEnumerable<PositionRange> MissingOf(int required)
    {
        long at = 0;
        foreach (PositionRange seen in _seen)
        {
            if (seen.Start >= required)
            {
                break;
            }

            if (seen.Start > at)
            {
                yield return new PositionRange(at, seen.Start);
            }

            at = seen.End;
        }

        if (at < required)
        {
            yield return new PositionRange(at, required);
        }
    }
}
