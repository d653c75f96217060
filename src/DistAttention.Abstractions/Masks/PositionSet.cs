using System.Globalization;

namespace DistAttention;

/// <summary>A set of positions, as ascending, disjoint ranges that do not touch.</summary>
public sealed class PositionSet : IEquatable<PositionSet>
{
    private readonly PositionRange[] _ranges;

    private PositionSet(PositionRange[] ranges) => _ranges = ranges;

    /// <summary>The ranges.</summary>
    public ReadOnlySpan<PositionRange> Ranges => _ranges;

    /// <summary>How many positions.</summary>
    public long Count => CountIn(new PositionRange(long.MinValue, long.MaxValue));

    /// <summary>Positions, in any order, repeated or not.</summary>
    /// <param name="positions">At least one; none negative.</param>
    public static PositionSet Of(params ReadOnlySpan<long> positions)
    {
        List<PositionRange> ranges = [];
        foreach (long position in positions)
        {
            ranges.Add(new PositionRange(position, position + 1));
        }

        return FromRanges(ranges);
    }

    /// <summary>The positions start to end − 1.</summary>
    /// <param name="start">The first.</param>
    /// <param name="end">The one after the last.</param>
    public static PositionSet FromRange(long start, long end) => FromRanges([new PositionRange(start, end)]);

    /// <summary>The positions of any of some ranges.</summary>
    /// <param name="ranges">At least one, in any order; none empty or before position 0.</param>
    public static PositionSet FromRanges(IEnumerable<PositionRange> ranges)
    {
        List<PositionRange> merged = [];
        foreach (PositionRange range in ranges.OrderBy(static r => r.Start))
        {
            Ensure.That(!range.IsEmpty && range.Start >= 0 && range.End <= MaskRules.Farthest, nameof(PositionSet), $"{range} is not a range of positions");
            if (merged.Count > 0 && range.Start <= merged[^1].End)
            {
                merged[^1] = merged[^1] with { End = Math.Max(merged[^1].End, range.End) };
            }
            else
            {
                merged.Add(range);
            }
        }

        Ensure.That(merged.Count > 0, nameof(PositionSet), "at least one position is needed");
        return new PositionSet([.. merged]);
    }

    /// <summary>Whether a position is in the set.</summary>
    /// <param name="position">The position.</param>
    public bool Contains(long position)
    {
        int i = FirstEndingAfter(position);
        return i < _ranges.Length && _ranges[i].Start <= position;
    }

    /// <summary>How many positions of a range are in the set.</summary>
    /// <param name="range">The range.</param>
    public long CountIn(PositionRange range)
    {
        long count = 0;
        for (int i = FirstEndingAfter(range.Start); i < _ranges.Length && _ranges[i].Start < range.End; i++)
        {
            count += _ranges[i].Intersect(range).Length;
        }

        return count;
    }

    /// <summary>From the first position of a range that is in the set to the last; empty if none is.</summary>
    /// <param name="range">The range.</param>
    public PositionRange HullIn(PositionRange range)
    {
        int first = FirstEndingAfter(range.Start);
        int last = FirstEndingAfter(range.End - 1);
        last = last < _ranges.Length && _ranges[last].Start < range.End ? last : last - 1;
        return range.IsEmpty || first > last
            ? new PositionRange(range.Start, range.Start)
            : new PositionRange(Math.Max(range.Start, _ranges[first].Start), Math.Min(range.End, _ranges[last].End));
    }

    /// <summary>The ranges that hold some position of a range.</summary>
    /// <param name="range">The range.</param>
    public ReadOnlySpan<PositionRange> RangesIn(PositionRange range)
    {
        int first = FirstEndingAfter(range.Start);
        int end = first;
        while (end < _ranges.Length && _ranges[end].Start < range.End)
        {
            end++;
        }

        return _ranges.AsSpan(first, end - first);
    }

    /// <inheritdoc/>
    public bool Equals(PositionSet? other) => other is not null && _ranges.AsSpan().SequenceEqual(other._ranges);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as PositionSet);

    /// <inheritdoc/>
    public override int GetHashCode() => _ranges.Aggregate(_ranges.Length, HashCode.Combine);

    /// <summary>"0;17;20-31", both ends of a range included.</summary>
    public override string ToString() => string.Join(';', _ranges.Select(static r => r.Length == 1
        ? r.Start.ToString(CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{r.Start}-{r.End - 1}")));

    internal void DescribeTo(MaskDigest digest)
    {
        digest.Add(_ranges.Length);
        foreach (PositionRange range in _ranges)
        {
            digest.Add(range.Start).Add(range.End);
        }
    }

    /// <summary>Index of the first range that ends after a position.</summary>
    private int FirstEndingAfter(long position)
    {
        int low = 0;
        int high = _ranges.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = _ranges[middle].End > position ? (low, middle) : (middle + 1, high);
        }

        return low;
    }
}
