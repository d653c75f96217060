using System.Globalization;

namespace DistAttention;

/// <summary>
/// A query at p sees p − <see cref="Left"/> to p + <see cref="Right"/>, both ends included, so Left + 1 + Right positions in the
/// middle of a sequence (Sparse Transformers, Child et al. 2019; Mistral 7B, Jiang et al. 2023, whose window W is Left = W − 1, Right = 0).
/// </summary>
public sealed record SlidingWindowMask : AttentionMask
{
    /// <summary>Makes a window.</summary>
    /// <param name="left">See <see cref="Left"/>.</param>
    /// <param name="right">See <see cref="Right"/>.</param>
    public SlidingWindowMask(long? left, long? right)
    {
        Left = left is { } l ? MaskRules.InRange(l, nameof(Left), 0) : null;
        Right = right is { } r ? MaskRules.InRange(r, nameof(Right), 0) : null;
    }

    /// <summary>Positions before its own that a query sees; null: all.</summary>
    public long? Left { get; }

    /// <summary>Positions after its own that a query sees; null: all.</summary>
    public long? Right { get; }

    /// <inheritdoc/>
    public override bool IsVisible(long qPos, long kvPos) =>
        (Left is null || kvPos >= qPos - Left) && (Right is null || kvPos <= qPos + Right);

    /// <inheritdoc/>
    public override string ToString() => $"window:{Text(Left)},{Text(Right)}";

    private static string Text(long? reach) => reach?.ToString(CultureInfo.InvariantCulture) ?? "all";

    private protected override void Describe(MaskDigest digest) => digest.Kind("window").Add(Left).Add(Right);
}
