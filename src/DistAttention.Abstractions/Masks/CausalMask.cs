namespace DistAttention;

/// <summary>A query at position p sees positions 0 to p, itself included: decoders.</summary>
public sealed record CausalMask : AttentionMask
{
    /// <inheritdoc/>
    public override bool IsVisible(long qPos, long kvPos) => kvPos <= qPos;

    /// <inheritdoc/>
    public override string ToString() => "causal";
}
