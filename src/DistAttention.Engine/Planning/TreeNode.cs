namespace DistAttention.Engine.Planning;

/// <summary>A node of the canonical merge tree over runs: runs [Index · 2^Level, (Index + 1) · 2^Level).</summary>
/// <param name="Level">0 is a run.</param>
/// <param name="Index">Counted among the nodes of the level.</param>
public readonly record struct TreeNode(int Level, long Index)
{
    /// <summary>Its first run.</summary>
    public long FirstRun => Index << Level;

    /// <summary>The run after its last.</summary>
    public long EndRun => (Index + 1) << Level;

    /// <summary>Its positions, whether they exist or not.</summary>
    public PositionRange Positions => new(FirstRun * SequenceFormat.RunLength, EndRun * SequenceFormat.RunLength);

    /// <summary>The lower half.</summary>
    public TreeNode Left => new(Level - 1, Index * 2);

    /// <summary>The upper half.</summary>
    public TreeNode Right => new(Level - 1, (Index * 2) + 1);

    /// <summary>The smallest node that starts at position 0 and holds <paramref name="length"/> positions.</summary>
    /// <param name="length">Positions.</param>
    public static TreeNode Root(long length)
    {
        long runs = Math.Max(1, (length + SequenceFormat.RunLength - 1) / SequenceFormat.RunLength);
        return new TreeNode(64 - System.Numerics.BitOperations.LeadingZeroCount((ulong)(runs - 1)), 0);
    }

    /// <inheritdoc/>
    public override string ToString() => $"T({Level},{Index})";
}
