using System.Globalization;

namespace DistAttention;

/// <summary>
/// A query in chunk ⌊q / Length⌋ sees the chunks from <see cref="Back"/> before it to <see cref="Ahead"/> after it: local attention
/// (Luong et al. 2015; Image Transformer, Parmar et al. 2018; Llama 4's chunks with Back = Ahead = 0 and causal).
/// </summary>
public sealed record ChunkMask : AttentionMask
{
    /// <summary>Makes chunks.</summary>
    /// <param name="length">See <see cref="Length"/>.</param>
    /// <param name="back">See <see cref="Back"/>.</param>
    /// <param name="ahead">See <see cref="Ahead"/>.</param>
    public ChunkMask(long length, long back, long ahead)
    {
        Length = MaskRules.InRange(length, nameof(Length), 1);
        Back = MaskRules.InRange(back, nameof(Back), 0, MaskRules.Farthest / length);
        Ahead = MaskRules.InRange(ahead, nameof(Ahead), 0, MaskRules.Farthest / length);
    }

    /// <summary>Positions per chunk; chunk i starts at i · Length.</summary>
    public long Length { get; }

    /// <summary>Chunks before its own that a query sees.</summary>
    public long Back { get; }

    /// <summary>Chunks after its own that a query sees.</summary>
    public long Ahead { get; }

    /// <inheritdoc/>
    public override bool IsVisible(long qPos, long kvPos)
    {
        long away = MaskRules.FloorDiv(kvPos, Length) - MaskRules.FloorDiv(qPos, Length);
        return away >= -Back && away <= Ahead;
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"chunk:{Length}{(Back > 0 ? $",back={Back}" : "")}{(Ahead > 0 ? $",ahead={Ahead}" : "")}");

    private protected override void Describe(MaskDigest digest) => digest.Kind("chunk").Add(Length).Add(Back).Add(Ahead);
}
