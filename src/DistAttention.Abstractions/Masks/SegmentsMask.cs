using System.Globalization;

namespace DistAttention;

/// <summary>A stretch of positions of one document.</summary>
/// <param name="Start">The first position.</param>
/// <param name="End">The one after the last.</param>
/// <param name="Id">The document.</param>
public readonly record struct SegmentRun(long Start, long End, long Id);

/// <summary>
/// Several documents in one sequence: a query sees the positions of its own document (sequence packing, Krell et al. 2021; the varlen
/// batches of FlashAttention). A document may lie in several stretches. What is in no document sees nothing and is seen by none.
/// </summary>
public sealed record SegmentsMask : AttentionMask
{
    private const int BytesPerRun = 20;
    private const int LongestText = 16;

    private readonly SegmentRun[] _runs;

    private SegmentsMask(SegmentRun[] runs, string? source)
    {
        _runs = runs;
        Source = source;
    }

    /// <summary>The stretches, ascending and disjoint.</summary>
    public ReadOnlySpan<SegmentRun> Runs => _runs;

    /// <summary>Where the documents come from, for texts; no part of equality.</summary>
    public string? Source { get; }

    /// <inheritdoc/>
    public override bool HasData => _runs.Length > LongestText;

    /// <summary>Documents one after the other.</summary>
    /// <param name="indptr">Where each starts, then where the last one ends: ascending, from 0 or later. Empty documents are allowed.</param>
    /// <param name="source">Where the numbers come from, for texts.</param>
    public static SegmentsMask FromIndptr(ReadOnlySpan<long> indptr, string? source = null)
    {
        List<SegmentRun> runs = [];
        for (int i = 0; i + 1 < indptr.Length; i++)
        {
            Ensure.That(indptr[i + 1] >= indptr[i], "indptr", $"element {i + 1} is {indptr[i + 1]}, less than the {indptr[i]} before it");
            if (indptr[i + 1] > indptr[i])
            {
                runs.Add(new SegmentRun(indptr[i], indptr[i + 1], i));
            }
        }

        return FromRuns(runs, source);
    }

    /// <summary>The document of each position, from position 0 on.</summary>
    /// <param name="ids">Equal numbers: the same document. Negative ones: none (padding).</param>
    /// <param name="source">Where the numbers come from, for texts.</param>
    public static SegmentsMask FromIds(ReadOnlySpan<long> ids, string? source = null)
    {
        List<SegmentRun> runs = [];
        for (int start = 0; start < ids.Length;)
        {
            int end = start + 1;
            while (end < ids.Length && ids[end] == ids[start])
            {
                end++;
            }

            if (ids[start] >= 0)
            {
                runs.Add(new SegmentRun(start, end, ids[start]));
            }

            start = end;
        }

        return FromRuns(runs, source);
    }

    /// <summary>Stretches of documents.</summary>
    /// <param name="runs">Ascending and disjoint, none empty, from position 0 on; no negative document.</param>
    /// <param name="source">Where they come from, for texts.</param>
    public static SegmentsMask FromRuns(IReadOnlyList<SegmentRun> runs, string? source = null)
    {
        long end = 0;
        foreach (SegmentRun run in runs)
        {
            Ensure.That(run.Start >= end && run.End > run.Start && run.End <= MaskRules.Farthest && run.Id >= 0, "segments", $"[{run.Start}, {run.End}) of document {run.Id} is out of order");
            end = run.End;
        }

        return new SegmentsMask([.. runs], source);
    }

    /// <summary>Index of the stretch that holds a position, or of the first one after it.</summary>
    /// <param name="position">The position.</param>
    public int FirstEndingAfter(long position)
    {
        int low = 0;
        int high = _runs.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = _runs[middle].End > position ? (low, middle) : (middle + 1, high);
        }

        return low;
    }

    /// <inheritdoc/>
    public override bool IsVisible(long qPos, long kvPos) => IdAt(qPos) is { } id && IdAt(kvPos) == id;

    /// <inheritdoc/>
    /// <remarks>Only documents that are met on both sides stay.</remarks>
    public override AttentionMask Restrict(PositionRange q, ReadOnlySpan<PositionRange> kv)
    {
        if (!HasData)
        {
            return this;
        }

        HashSet<long> asking = [];
        bool[] stays = new bool[_runs.Length];
        for (int i = FirstEndingAfter(q.Start); i < _runs.Length && _runs[i].Start < q.End; i++)
        {
            asking.Add(_runs[i].Id);
            stays[i] = true;
        }

        foreach (PositionRange range in kv)
        {
            for (int i = FirstEndingAfter(range.Start); i < _runs.Length && _runs[i].Start < range.End; i++)
            {
                stays[i] |= asking.Contains(_runs[i].Id);
            }
        }

        return new SegmentsMask([.. _runs.Where((_, i) => stays[i])], Source);
    }

    /// <inheritdoc/>
    public override long DataBytes(PositionRange q, ReadOnlySpan<PositionRange> kv) =>
        HasData ? BytesPerRun * (long)((SegmentsMask)Restrict(q, kv))._runs.Length : 0;

    /// <inheritdoc/>
    public bool Equals(SegmentsMask? other) => base.Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => base.GetHashCode();

    /// <inheritdoc/>
    public override string ToString()
    {
        if (Source is not null)
        {
            return $"segments:{Source}";
        }

        bool areNeighbours = _runs.Length > 0;
        for (int i = 0; i < _runs.Length; i++)
        {
            areNeighbours &= _runs[i].Id == i && (i == 0 || _runs[i].Start == _runs[i - 1].End);
        }

        return areNeighbours && _runs.Length <= LongestText
            ? "segments:" + string.Join(';', _runs.Select(static r => r.Start).Append(_runs[^1].End).Select(static p => p.ToString(CultureInfo.InvariantCulture)))
            : MaskText.Summary("segments", $"{_runs.Select(static r => r.Id).Distinct().Count()} documents over {(_runs.Length == 0 ? 0 : _runs[^1].End)} positions", ContentHash);
    }

    private long? IdAt(long position)
    {
        int i = FirstEndingAfter(position);
        return i < _runs.Length && _runs[i].Start <= position ? _runs[i].Id : null;
    }

    private protected override void Describe(MaskDigest digest)
    {
        digest.Kind("segments").Add(_runs.Length);
        foreach (SegmentRun run in _runs)
        {
            digest.Add(run.Start).Add(run.End).Add(run.Id);
        }
    }
}
