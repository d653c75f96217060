namespace DistAttention.Silo.Admin.Dashboard;

/// <summary>A plan as data to draw: tiles down, shards across, few enough of each for a screen.</summary>
internal static class PlanPicture
{
    private const int MaxTiles = 96;
    private const int MaxShards = 512;

    public static object Of(AttentionPlan plan, SequenceSpec spec, int rows, AttentionSummary? summary, TimeSpan? took)
    {
        List<ShardVisit[]> tiles = [.. plan.Visits.GroupBy(static v => v.Queries.Start).OrderBy(static t => t.Key).Select(static t => t.OrderBy(static v => v.Shard).ToArray())];
        int shards = plan.Visits.Count == 0 ? 0 : plan.Visits.Max(static v => v.Shard) + 1;
        return new
        {
            Sequence = plan.Sequence.Value,
            plan.Snapshot.Epoch,
            plan.Snapshot.Length,
            plan.Mask,
            Rows = rows,
            plan.TileRows,
            Tiles = tiles.Count,
            Shards = shards,
            spec.ShardLength,
            plan.BlocksVisited,
            plan.BlocksSkipped,
            plan.KvBytes,
            plan.Flops,
            Pairs = plan.UnmaskedPairs.Estimate,
            PredictedMs = plan.PredictedTime.TotalMilliseconds,
            TookMs = took?.TotalMilliseconds,
            summary?.Retries,
            summary?.Partials,
            Owners = plan.Owners.Select(static o => new { o.Owner, o.Tiles, o.QueryBytes, o.MaskBytes, o.AnswerBytes, o.KvBytes, o.Flops, ComputeMs = o.ComputeTime.TotalMilliseconds }),
            Steps = plan.Steps.Select(static s => new
            {
                s.Kind,
                PredictedMs = s.PredictedTime.TotalMilliseconds,
                s.PredictedBytes,
                ActualMs = s.Actual?.Time.TotalMilliseconds,
                ActualBytes = s.Actual?.Bytes,
            }),
            Picture = tiles.Where((_, i) => IsShown(i, tiles.Count, MaxTiles)).Select(tile => new
            {
                From = tile[0].Queries.Start,
                To = tile[0].Queries.End,
                Cells = tile.Where((_, i) => IsShown(i, tile.Length, MaxShards)).Select(static v => new
                {
                    S = v.Shard,
                    O = v.Owner,
                    C = v.Coverage,
                    F = v.BlocksFull,
                    M = v.BlocksMasked,
                    N = v.BlocksSkipped,
                    W = v.SkipReason,
                }),
            }),
        };
    }

    /// <summary>Whether one of many is among the few that are spread over them evenly.</summary>
    private static bool IsShown(int index, int count, int most) => count <= most || (long)index * most / count != (long)(index - 1) * most / count || index == 0;
}
