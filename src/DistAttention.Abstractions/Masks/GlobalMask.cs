namespace DistAttention;

/// <summary>Global tokens: everybody sees them and, if symmetric, they see everything (Longformer, Beltagy et al. 2020; ETC, Ainslie et al. 2020).</summary>
public sealed record GlobalMask : ComposedMask
{
    /// <summary>Makes the mask.</summary>
    /// <param name="tokens">See <see cref="Tokens"/>.</param>
    /// <param name="symmetric">See <see cref="Symmetric"/>.</param>
    public GlobalMask(PositionSet tokens, bool symmetric)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        Tokens = tokens;
        Symmetric = symmetric;
        Expansion = symmetric ? Keys(tokens) | Queries(tokens) : Keys(tokens);
    }

    /// <summary>Absolute positions of the global tokens.</summary>
    public PositionSet Tokens { get; }

    /// <summary>Whether they also see everything.</summary>
    public bool Symmetric { get; }

    /// <inheritdoc/>
    public override AttentionMask Expansion { get; }

    /// <inheritdoc/>
    public override string ToString() => $"global:{Tokens}{(Symmetric ? "" : ",onesided")}";

    private protected override void Describe(MaskDigest digest) => Tokens.DescribeTo(digest.Kind("global").Add(Symmetric ? 1 : 0));
}
