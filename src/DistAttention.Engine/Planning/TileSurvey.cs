using DistAttention.Kernels;

namespace DistAttention.Engine.Planning;

/// <summary>What a mask leaves of a sequence for one query tile, shard by shard, whoever holds them.</summary>
internal sealed class TileSurvey
{
    /// <summary>Pairs of shard and rows from which on looking at them is shared among threads.</summary>
    private const int ManySurveys = 256;

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
        int step = rowsPerPlan > 0 ? rowsPerPlan : (int)Math.Max(1, queries.Length);
        ShardCount[] shards = new ShardCount[(length + shardLength - 1) / shardLength];
        if (shards.Length * ((queries.Length + step - 1) / step) < ManySurveys)
        {
            for (int i = 0; i < shards.Length; i++)
            {
                shards[i] = Survey(i);
            }
        }
        else
        {
            Parallel.For(0, shards.Length, i => shards[i] = Survey(i));
        }

        return new TileSurvey(
            [.. Enumerable.Range(0, shards.Length).Where(i => shards[i].IsVisible)],
            shards.Sum(static s => s.Visited),
            shards.Sum(static s => s.Skipped));

        ShardCount Survey(int shard)
        {
            PositionRange positions = Planner.PositionsOf(shard, shardLength, length);
            ShardCount count = default;
            for (long row = queries.Start; row < queries.End; row += step)
            {
                ShardSurvey survey = ShardSurvey.Of(mask, queries.Intersect(new PositionRange(row, row + step)), positions);
                count = new ShardCount(
                    count.Visited + survey.BlocksFull + survey.BlocksMasked,
                    count.Skipped + survey.BlocksSkipped,
                    count.IsVisible || survey.Coverage != Coverage.None);
            }

            return count;
        }
    }

    private readonly record struct ShardCount(long Visited, long Skipped, bool IsVisible);
}
