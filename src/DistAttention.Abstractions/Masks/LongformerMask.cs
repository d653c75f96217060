using System.Globalization;

namespace DistAttention;

/// <summary>
/// A window around each position and global tokens: Longformer (Beltagy et al. 2020). A query at p sees p + j · Dilation for
/// −⌊Window / 2⌋ ≤ j ≤ ⌊Window / 2⌋, and the global tokens, which see everything if symmetric.
/// </summary>
public sealed record LongformerMask : ComposedMask
{
    /// <summary>Makes the mask.</summary>
    /// <param name="window">See <see cref="Window"/>.</param>
    /// <param name="global">See <see cref="Tokens"/>; null: none.</param>
    /// <param name="dilation">See <see cref="Dilation"/>.</param>
    /// <param name="symmetric">See <see cref="Symmetric"/>.</param>
    public LongformerMask(long window, PositionSet? global, long dilation, bool symmetric)
    {
        Window = MaskRules.InRange(window, nameof(Window), 0);
        Dilation = MaskRules.InRange(dilation, nameof(Dilation), 1, MaskRules.Farthest / Math.Max(1, window));
        Tokens = global;
        Symmetric = symmetric;
        AttentionMask local = SlidingWindow(window / 2 * dilation, window / 2 * dilation);
        local = dilation == 1 ? local : local & Dilated(dilation);
        Expansion = global is null ? local : local | Global(global, symmetric);
    }

    /// <summary>Size of the window as in the paper: half of it to each side.</summary>
    public long Window { get; }

    /// <summary>The window takes every Dilation-th position.</summary>
    public long Dilation { get; }

    /// <summary>Absolute positions of the global tokens; null: none.</summary>
    public PositionSet? Tokens { get; }

    /// <summary>Whether global tokens also see everything.</summary>
    public bool Symmetric { get; }

    /// <inheritdoc/>
    public override AttentionMask Expansion { get; }

    /// <inheritdoc/>
    public override string ToString()
    {
        string global = Tokens is null ? "" : $",global={Tokens}";
        string dilation = Dilation == 1 ? "" : $",dilation={Dilation}";
        return string.Create(CultureInfo.InvariantCulture, $"longformer:window={Window}{global}{dilation}{(Symmetric ? "" : ",onesided")}");
    }

    private protected override void Describe(MaskDigest digest)
    {
        digest.Kind("longformer").Add(Window).Add(Dilation).Add(Symmetric ? 1 : 0).Add(Tokens is null ? 0 : 1);
        Tokens?.DescribeTo(digest);
    }
}
