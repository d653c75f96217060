namespace DistAttention.Cli.Cluster.Bench;

/// <summary>
/// What a plan must move: each tile's q once to every silo that owns a visible shard, one partial back for every maximal
/// subtree of the merge tree whose visible shards one silo owns, and the result.
/// </summary>
internal static class PlannedBytes
{
    public static long Of(AttentionPlan plan, SequenceSpec spec)
    {
        long qRow = (long)spec.NumHeadsQ * spec.HeadDim * sizeof(float);
        long oRow = (long)spec.NumHeadsQ * (spec.HeadDimV + 1) * sizeof(float); // o and lse
        long partialRow = (long)spec.NumHeadsQ * (spec.HeadDimV + 2) * sizeof(float); // o, max and sum
        return plan.Visits.GroupBy(static visit => visit.Queries).Sum(tile =>
        {
            ShardVisit[] visible = [.. tile.Where(static visit => visit.Coverage != Coverage.None)];
            long silos = visible.Select(static visit => visit.Owner).Distinct().LongCount();
            return tile.Key.Length * ((silos * qRow) + (Subtrees(visible) * partialRow) + oRow);
        });
    }

    /// <summary>Maximal subtrees with one owner, over shards as leaves.</summary>
    private static long Subtrees(IReadOnlyCollection<ShardVisit> visible)
    {
        if (visible.Select(static visit => visit.Owner).Distinct().Count() <= 1)
        {
            return Math.Min(visible.Count, 1);
        }

        int differ = visible.Min(static visit => visit.Shard) ^ visible.Max(static visit => visit.Shard);
        int half = 1 << int.Log2(differ);
        return Subtrees([.. visible.Where(visit => (visit.Shard & half) == 0)]) + Subtrees([.. visible.Where(visit => (visit.Shard & half) != 0)]);
    }
}
