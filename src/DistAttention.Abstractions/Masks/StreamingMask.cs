namespace DistAttention;

/// <summary>
/// A query at p sees, of positions 0 to p, the first <see cref="Sinks"/> and the last <see cref="Window"/>: StreamingLLM
/// (Xiao et al. 2023), with absolute positions.
/// </summary>
public sealed record StreamingMask : ComposedMask
{
    /// <summary>Makes the mask.</summary>
    /// <param name="sinks">See <see cref="Sinks"/>.</param>
    /// <param name="window">See <see cref="Window"/>.</param>
    public StreamingMask(long sinks, long window)
    {
        Sinks = MaskRules.InRange(sinks, nameof(Sinks), 0);
        Window = MaskRules.InRange(window, nameof(Window), 1);
        Expansion = sinks == 0 ? LastPositions(window) : LastPositions(window) | (Causal & FirstPositions(sinks));
    }

    /// <summary>First positions that stay visible.</summary>
    public long Sinks { get; }

    /// <summary>Last positions, the query's own included.</summary>
    public long Window { get; }

    /// <inheritdoc/>
    public override AttentionMask Expansion { get; }

    /// <inheritdoc/>
    public override string ToString() => $"streaming:sinks={Sinks},window={Window}";

    private protected override void Describe(MaskDigest digest) => digest.Kind("streaming").Add(Sinks).Add(Window);
}
