namespace DistAttention;

/// <summary>What any of some masks sees: <c>a | b</c>.</summary>
public sealed record UnionMask : AttentionMask
{
    private UnionMask(AttentionMask[] masks)
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

    /// <summary>Combines masks: what a mask of this kind holds is taken out of it, and <see cref="AttentionMask.None"/> is left out.</summary>
    /// <param name="masks">Any number.</param>
    public static AttentionMask Of(params ReadOnlySpan<AttentionMask> masks)
    {
        AttentionMask[] flat = [.. MaskList.Flatten<UnionMask>(masks, static m => m.Masks).Where(static m => m != None)];
        return flat.Length switch
        {
            0 => None,
            1 => flat[0],
            _ => flat.Contains(Full) ? Full : new UnionMask(flat),
        };
    }

    /// <inheritdoc/>
    public override bool IsVisible(long qPos, long kvPos)
    {
        foreach (AttentionMask mask in Masks)
        {
            if (mask.IsVisible(qPos, kvPos))
            {
                return true;
            }
        }

        return false;
    }

    /// <inheritdoc/>
    public override AttentionMask Restrict(PositionRange q, ReadOnlySpan<PositionRange> kv) => HasData ? Of(MaskList.Restrict(Masks, q, kv)) : this;

    /// <inheritdoc/>
    public override long DataBytes(PositionRange q, ReadOnlySpan<PositionRange> kv) => HasData ? MaskList.DataBytes(Masks, q, kv) : 0;

    /// <inheritdoc/>
    public override AttentionMask Outline() => HasData ? Of([.. Masks.Select(static m => m.Outline())]) : this;

    /// <inheritdoc/>
    public bool Equals(UnionMask? other) => base.Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => base.GetHashCode();

    /// <inheritdoc/>
    public override string ToString() => string.Join(" | ", Masks.Select(static m => m.ToString()));

    private protected override void Describe(MaskDigest digest) => MaskList.Describe(Masks, digest.Kind("any"));
}
