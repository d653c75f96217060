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
    public static TilePlan Make(LedgerSnapshot snapshot, CompiledMask mask, PositionRange queries)
    {
        long visited = 0;
        long skipped = 0;
        List<ShardSlice> visible = [];
        int shardLength = snapshot.Spec.ShardLength;
        ReadOnlySpan<ShardEntry> shards = snapshot.Shards.Span;
        for (int i = 0; i < shards.Length; i++)
        {
            PositionRange positions = Planner.PositionsOf(i, shardLength, snapshot.State.Length);
            ShardSurvey survey = ShardSurvey.Of(mask, queries, positions);
            visited += survey.BlocksFull + survey.BlocksMasked;
            skipped += survey.BlocksSkipped;
            if (survey.Coverage != Coverage.None)
            {
                visible.Add(new ShardSlice(shards[i], (int)positions.Length));
            }
        }

        return new TilePlan(OwnerWork.Assign(visible, shardLength, TreeNode.Root(snapshot.State.Length)), visited, skipped);
    }
}
