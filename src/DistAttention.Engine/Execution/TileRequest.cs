using DistAttention.Calls;
using DistAttention.Engine.Compute;
using DistAttention.Engine.Planning;

namespace DistAttention.Engine.Execution;

/// <summary>A query tile on its way to an owner of shards.</summary>
public sealed record TileRequest
{
    /// <summary>The sequence's shape and storage.</summary>
    public required SequenceSpec Spec { get; init; }

    /// <summary>What it is computed against.</summary>
    public required SequenceSnapshot Snapshot { get; init; }

    /// <summary>The ledger's fence when the snapshot was taken: owners that have written under another one look again at what they hold.</summary>
    public long Fence { get; init; }

    /// <summary>On whose behalf it is computed.</summary>
    public CallerId Caller { get; init; }

    /// <summary>Queries [Rows, NumHeadsQ, StoredHeadDim], projected and turned.</summary>
    public required ReadOnlyMemory<float> Q { get; init; }

    /// <summary>Query rows.</summary>
    public required int Rows { get; init; }

    /// <summary>Position of the first row.</summary>
    public required long FirstQueryPosition { get; init; }

    /// <summary>Which positions each row sees.</summary>
    public required AttentionMask Mask { get; init; }

    /// <summary>How scores are made of such queries.</summary>
    public required ScoreFunction Score { get; init; }

    /// <summary>The owner's shards that the tile sees, and how many of their rows.</summary>
    public required IReadOnlyList<ShardSlice> Shards { get; init; }

    /// <summary>The nodes to answer; every visible position under them is in <see cref="Shards"/>.</summary>
    public required IReadOnlyList<TreeNode> Nodes { get; init; }

    /// <summary>Memory of this process for the output of the only node's partial, [Rows, NumHeadsQ, HeadDimV]; empty for memory of its own.</summary>
    public Memory<float> Output { get; init; }

    /// <summary>The owner's positions, neighbours together.</summary>
    public PositionRange[] Positions => ShardSlice.Positions(Shards, Spec.ShardLength);

    /// <summary>Positions of the rows.</summary>
    public PositionRange Queries => new(FirstQueryPosition, FirstQueryPosition + Rows);
}
