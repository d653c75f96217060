namespace DistAttention;

/// <summary>Consecutive positions [<paramref name="Start"/>, <paramref name="End"/>) of a sequence, or rows of a query.</summary>
/// <param name="Start">First position, included.</param>
/// <param name="End">End, not included.</param>
public readonly record struct PositionRange(long Start, long End)
{
    /// <summary>How many positions the range holds; 0 when it is empty.</summary>
    public long Length => Math.Max(0, End - Start);

    /// <summary>Whether the range holds no position.</summary>
    public bool IsEmpty => End <= Start;

    /// <summary>The positions that are in both ranges.</summary>
    /// <param name="other">The other range.</param>
    public PositionRange Intersect(PositionRange other) => new(Math.Max(Start, other.Start), Math.Min(End, other.End));

    /// <inheritdoc/>
    public override string ToString() => $"[{Start}, {End})";
}
