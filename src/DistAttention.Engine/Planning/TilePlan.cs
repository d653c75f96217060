using DistAttention.Engine.Ledger;
using DistAttention.Engine.Shards;
using DistAttention.Kernels;

namespace DistAttention.Engine.Planning;

/// <summary>What one query tile asks of whom. Plain data, made before anything runs.</summary>
public sealed class TilePlan
{
    private TilePlan(IReadOnlyList<OwnerWork> work, long blocksVisited, long blocksSkipped)
    {
        Work = work;
        BlocksVisited = blocksVisited;
        BlocksSkipped = blocksSkipped;
    }

    /// <summary>One entry per owner of a visible shard.</summary>
    public IReadOnlyList<OwnerWork> Work { get; }

    /// <summary>Blocks that will be computed.</summary>
    public long BlocksVisited { get; }

    /// <summary>Blocks that the mask makes unnecessary.</summary>
    public long BlocksSkipped { get; }

    /// <summary>Plans a tile.</summary>
    /// <param name="snapshot">What it is computed against.</param>
    /// <param name="mask">The mask.</param>
    /// <param name="queries">Positions of the tile's rows.</param>
    public static TilePlan Make(LedgerSnapshot snapshot, CompiledMask mask, PositionRange queries) =>
        Make(snapshot, TileSurvey.Make(mask, snapshot.Spec.ShardLength, snapshot.State.Length, queries));

    /// <summary>Shares what a survey found visible among its owners.</summary>
    /// <param name="snapshot">What the tile is computed against.</param>
    /// <param name="survey">What is visible of it.</param>
    internal static TilePlan Make(LedgerSnapshot snapshot, TileSurvey survey)
    {
        int shardLength = snapshot.Spec.ShardLength;
        ReadOnlySpan<ShardEntry> shards = snapshot.Shards.Span;
        List<ShardSlice> visible = new(survey.Visible.Count);
        foreach (int index in survey.Visible)
        {
            visible.Add(new ShardSlice(shards[index], (int)Planner.PositionsOf(index, shardLength, snapshot.State.Length).Length));
        }

        return new TilePlan(OwnerWork.Assign(visible, shardLength, TreeNode.Root(snapshot.State.Length)), survey.BlocksVisited, survey.BlocksSkipped);
    }
}
