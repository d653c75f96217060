namespace DistAttention;

/// <summary>What a mask hides: <c>~a</c>, <c>!a</c> as text.</summary>
public sealed record ComplementMask : AttentionMask
{
    internal ComplementMask(AttentionMask mask)
    {
        Mask = mask;
        Depth = MaskList.DepthOver([mask]);
    }

    /// <summary>The mask.</summary>
    public AttentionMask Mask { get; }

    internal override int Depth { get; }

    /// <inheritdoc/>
    public override bool HasData => Mask.HasData;

    /// <summary>The complement; of a complement, the mask itself.</summary>
    /// <param name="mask">A mask.</param>
    public static AttentionMask Of(AttentionMask mask)
    {
        ArgumentNullException.ThrowIfNull(mask);
        return mask switch
        {
            ComplementMask complement => complement.Mask,
            FullMask => None,
            _ => new ComplementMask(mask),
        };
    }

    /// <inheritdoc/>
    public override bool IsVisible(long qPos, long kvPos) => !Mask.IsVisible(qPos, kvPos);

    /// <inheritdoc/>
    public override AttentionMask Restrict(PositionRange q, ReadOnlySpan<PositionRange> kv) => HasData ? Of(Mask.Restrict(q, kv)) : this;

    /// <inheritdoc/>
    public override long DataBytes(PositionRange q, ReadOnlySpan<PositionRange> kv) => Mask.DataBytes(q, kv);

    /// <inheritdoc/>
    public override string ToString() => Mask is UnionMask or IntersectionMask ? $"!({Mask})" : $"!{Mask}";

    private protected override void Describe(MaskDigest digest) => Mask.DescribeTo(digest.Kind("not"));
}
