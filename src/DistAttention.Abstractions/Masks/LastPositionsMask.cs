namespace DistAttention;

/// <summary>A query at p sees the last <see cref="Count"/> positions up to its own: p − Count + 1 to p. The context window of a decoder.</summary>
public sealed record LastPositionsMask : ComposedMask
{
    /// <summary>Makes the mask.</summary>
    /// <param name="count">See <see cref="Count"/>.</param>
    public LastPositionsMask(long count)
    {
        Count = MaskRules.InRange(count, nameof(Count), 1);
        Expansion = SlidingWindow(count - 1, 0);
    }

    /// <summary>Positions that a query sees, its own included.</summary>
    public long Count { get; }

    /// <inheritdoc/>
    public override AttentionMask Expansion { get; }

    /// <inheritdoc/>
    public override string ToString() => $"last:{Count}";

    private protected override void Describe(MaskDigest digest) => digest.Kind("last").Add(Count);
}
