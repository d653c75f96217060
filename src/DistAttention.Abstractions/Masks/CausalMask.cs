namespace DistAttention;

/// <summary>A query at position p sees positions 0 to p, itself included: decoders (Vaswani et al. 2017).</summary>
public sealed record CausalMask : AttentionMask
{
    /// <inheritdoc/>
    public override bool IsVisible(long qPos, long kvPos) => kvPos <= qPos;

    /// <inheritdoc/>
    public override string ToString() => "causal";

    private protected override void Describe(MaskDigest digest) => digest.Kind("causal");
}
