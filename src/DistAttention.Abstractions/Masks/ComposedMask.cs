namespace DistAttention;

/// <summary>A mask with a name of its own that stands for a combination of others.</summary>
public abstract record ComposedMask : AttentionMask
{
    private protected ComposedMask()
    {
    }

    /// <summary>What it stands for.</summary>
    public abstract AttentionMask Expansion { get; }

    internal sealed override int Depth => Expansion.Depth;

    /// <inheritdoc/>
    public sealed override bool IsVisible(long qPos, long kvPos) => Expansion.IsVisible(qPos, kvPos);
}
