using DistAttention.Engine.Ledger;

namespace DistAttention.Simulator.Checking;

/// <summary>Rows of an append that stand in a row in a sequence.</summary>
/// <param name="Operation">The append.</param>
/// <param name="First">The first of its rows.</param>
/// <param name="Count">How many.</param>
internal readonly record struct Segment(OperationId Operation, int First, int Count);

/// <summary>What a sequence holds: which rows of which appends, in order.</summary>
internal sealed class Content
{
    private readonly List<Segment> _segments = [];

    public long Length { get; private set; }

    public IReadOnlyList<Segment> Segments => _segments;

    public Content CutTo(long length)
    {
        Content cut = new();
        foreach (Segment segment in _segments)
        {
            int keep = (int)Math.Min(segment.Count, length - cut.Length);
            if (keep > 0)
            {
                cut.Add(segment with { Count = keep });
            }
        }

        return cut;
    }

    public Content With(Segment segment)
    {
        Content longer = CutTo(Length);
        longer.Add(segment);
        return longer;
    }

    public bool Same(Content other) => Length == other.Length && _segments.SequenceEqual(other._segments);

    private void Add(Segment segment)
    {
        _segments.Add(segment);
        Length += segment.Count;
    }
}
