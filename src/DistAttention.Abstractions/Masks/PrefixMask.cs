namespace DistAttention;

/// <summary>
/// Everybody sees the first <see cref="Count"/> positions, and beyond them what is not later than itself: prefix language models
/// (Raffel et al. 2020, section 3.2.1).
/// </summary>
public sealed record PrefixMask : ComposedMask
{
    /// <summary>Makes the mask.</summary>
    /// <param name="count">See <see cref="Count"/>.</param>
    public PrefixMask(long count)
    {
        Count = MaskRules.InRange(count, nameof(Count), 0);
        Expansion = count == 0 ? Causal : Causal | FirstPositions(count);
    }

    /// <summary>Positions of the prefix.</summary>
    public long Count { get; }

    /// <inheritdoc/>
    public override AttentionMask Expansion { get; }

    /// <inheritdoc/>
    public override string ToString() => $"prefix:{Count}";

    private protected override void Describe(MaskDigest digest) => digest.Kind("prefix").Add(Count);
}
