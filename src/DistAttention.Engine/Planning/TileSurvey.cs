using DistAttention.Kernels;

namespace DistAttention.Engine.Planning;

/// <summary>What a mask leaves of a sequence for one query tile, shard by shard, whoever holds them.</summary>
internal sealed class TileSurvey
{
    private TileSurvey(IReadOnlyList<int> visible, long blocksVisited, long blocksSkipped)
    {
        Visible = visible;
        BlocksVisited = blocksVisited;
        BlocksSkipped = blocksSkipped;
    }

    /// <summary>Indices of the shards of which something is visible, ascending.</summary>
    public IReadOnlyList<int> Visible { get; }

    /// <summary>Blocks that will be computed.</summary>
    public long BlocksVisited { get; }

    /// <summary>Blocks that the mask makes unnecessary.</summary>
    public long BlocksSkipped { get; }

    /// <summary>Surveys all shards.</summary>
    /// <param name="mask">The mask.</param>
    /// <param name="shardLength">Positions per shard.</param>
    /// <param name="length">Positions of the sequence.</param>
    /// <param name="queries">Positions of the tile's rows.</param>
    public static TileSurvey Make(CompiledMask mask, int shardLength, long length, PositionRange queries)
    {
        long visited = 0;
        long skipped = 0;
        List<int> visible = [];
        for (int i = 0; (long)i * shardLength < length; i++)
        {
            ShardSurvey survey = ShardSurvey.Of(mask, queries, Planner.PositionsOf(i, shardLength, length));
            visited += survey.BlocksFull + survey.BlocksMasked;
            skipped += survey.BlocksSkipped;
            if (survey.Coverage != Coverage.None)
            {
                visible.Add(i);
            }
        }

        return new TileSurvey(visible, visited, skipped);
    }
}
