namespace DistAttention;

/// <summary>Every query sees every position: cross-attention, encoders.</summary>
public sealed record FullMask : AttentionMask
{
    /// <inheritdoc/>
    public override bool IsVisible(long qPos, long kvPos) => true;

    /// <inheritdoc/>
    public override string ToString() => "full";

    private protected override void Describe(MaskDigest digest) => digest.Kind("full");
}
