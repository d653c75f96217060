using System.Globalization;

namespace DistAttention;

/// <summary>
/// A query at q sees k where (q − k − <see cref="Offset"/>) is a multiple of <see cref="Stride"/>, before and after it alike: strided
/// attention (Sparse Transformers, Child et al. 2019). Combined with a window: dilated windows.
/// </summary>
public sealed record DilatedMask : AttentionMask
{
    /// <summary>Makes a dilated mask.</summary>
    /// <param name="stride">See <see cref="Stride"/>.</param>
    /// <param name="offset">See <see cref="Offset"/>.</param>
    public DilatedMask(long stride, long offset)
    {
        Stride = MaskRules.InRange(stride, nameof(Stride), 1);
        Offset = MaskRules.InRange(offset, nameof(Offset), -MaskRules.Farthest);
    }

    /// <summary>Distance between two positions that a query sees; 1: all.</summary>
    public long Stride { get; }

    /// <summary>Shifts what is seen towards lower positions.</summary>
    public long Offset { get; }

    /// <inheritdoc/>
    public override bool IsVisible(long qPos, long kvPos) => (qPos - kvPos - Offset) % Stride == 0;

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"dilated:{Stride}{(Offset == 0 ? "" : $",{Offset}")}");

    private protected override void Describe(MaskDigest digest) => digest.Kind("dilated").Add(Stride).Add(Offset);
}
