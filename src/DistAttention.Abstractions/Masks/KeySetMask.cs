namespace DistAttention;

/// <summary>Every query sees the positions of a set and nothing else: attention sinks, tokens that all may look at.</summary>
public sealed record KeySetMask : AttentionMask
{
    /// <summary>Makes the mask.</summary>
    /// <param name="keys">See <see cref="Keys"/>.</param>
    public KeySetMask(PositionSet keys)
    {
        ArgumentNullException.ThrowIfNull(keys);
        Keys = keys;
    }

    /// <summary>What all queries see.</summary>
    public new PositionSet Keys { get; }

    /// <inheritdoc/>
    public override bool IsVisible(long qPos, long kvPos) => Keys.Contains(kvPos);

    /// <inheritdoc/>
    public override string ToString() => $"keys:{Keys}";

    private protected override void Describe(MaskDigest digest) => Keys.DescribeTo(digest.Kind("keys"));
}
