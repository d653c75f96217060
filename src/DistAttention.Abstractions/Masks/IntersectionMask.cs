namespace DistAttention;

/// <summary>What all of some masks see: <c>a &amp; b</c>.</summary>
public sealed record IntersectionMask : AttentionMask
{
    private IntersectionMask(AttentionMask[] masks)
    {
        Masks = masks;
        Depth = MaskList.DepthOver(masks);
        HasData = masks.Any(static m => m.HasData);
    }

    /// <summary>Two masks or more.</summary>
    public IReadOnlyList<AttentionMask> Masks { get; }

    internal override int Depth { get; }

    /// <inheritdoc/>
    public override bool HasData { get; }

    /// <summary>Combines masks: what a mask of this kind holds is taken out of it, and <see cref="AttentionMask.Full"/> is left out.</summary>
    /// <param name="masks">Any number.</param>
    public static AttentionMask Of(params ReadOnlySpan<AttentionMask> masks)
    {
        AttentionMask[] flat = [.. MaskList.Flatten<IntersectionMask>(masks, static m => m.Masks).Where(static m => m != Full)];
        return flat.Length switch
        {
            0 => Full,
            1 => flat[0],
            _ => flat.Contains(None) ? None : new IntersectionMask(flat),
        };
    }

    /// <inheritdoc/>
    public override bool IsVisible(long qPos, long kvPos)
    {
        foreach (AttentionMask mask in Masks)
        {
            if (!mask.IsVisible(qPos, kvPos))
            {
                return false;
            }
        }

        return true;
    }

    /// <inheritdoc/>
    public override AttentionMask Restrict(PositionRange q, ReadOnlySpan<PositionRange> kv) => HasData ? Of(MaskList.Restrict(Masks, q, kv)) : this;

    /// <inheritdoc/>
    public override long DataBytes(PositionRange q, ReadOnlySpan<PositionRange> kv) => HasData ? MaskList.DataBytes(Masks, q, kv) : 0;

    /// <inheritdoc/>
    public override AttentionMask Outline() => HasData ? Of([.. Masks.Select(static m => m.Outline())]) : this;

    /// <inheritdoc/>
    public bool Equals(IntersectionMask? other) => base.Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => base.GetHashCode();

    /// <inheritdoc/>
    public override string ToString() => string.Join(" & ", Masks.Select(static m => m is UnionMask ? $"({m})" : m.ToString()));

    private protected override void Describe(MaskDigest digest) => MaskList.Describe(Masks, digest.Kind("all"));
}
