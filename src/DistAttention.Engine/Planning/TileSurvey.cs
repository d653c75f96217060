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
    /// <param name="rowsPerPlan">Rows for which blocks count once; 0 for all.</param>
    public static TileSurvey Make(CompiledMask mask, int shardLength, long length, PositionRange queries, int rowsPerPlan = 0)
    {
        long visited = 0;
        long skipped = 0;
        List<int> visible = [];
        for (int i = 0; (long)i * shardLength < length; i++)
        {
            PositionRange positions = Planner.PositionsOf(i, shardLength, length);
            bool any = false;
            for (long row = queries.Start; row < queries.End; row += rowsPerPlan > 0 ? rowsPerPlan : queries.Length)
            {
                PositionRange rows = rowsPerPlan > 0 ? queries.Intersect(new PositionRange(row, row + rowsPerPlan)) : queries;
                ShardSurvey survey = ShardSurvey.Of(mask, rows, positions);
                visited += survey.BlocksFull + survey.BlocksMasked;
                skipped += survey.BlocksSkipped;
                any |= survey.Coverage != Coverage.None;
            }

            if (any)
            {
                visible.Add(i);
            }
        }

        return new TileSurvey(visible, visited, skipped);
    }
}
