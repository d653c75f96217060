using DistAttention.Engine.Shards;

namespace DistAttention.Engine.Rebalancing;

/// <summary>
/// Shares shards out evenly by their bytes, with few moves. What is on silos that leave goes first, each group to whoever has most room to its share;
/// then groups go from the silo that is farthest above its share to the one that is farthest below, the largest that fits first, until
/// all are near enough. Of groups as large as each other, those are taken that also even out how much silos are asked for. Shards that are in memory and
/// idle ones are shared out apart, so that both are even.
/// </summary>
/// <remarks>
/// Greedy by size, as in Graham, Bounds on Multiprocessing Timing Anomalies (1969). Deterministic: silos and shards are gone through in the order
/// of their names, so that whoever plans over the same state plans the same.
/// </remarks>
public static class RebalancePlanner
{
    /// <summary>How far from its share a silo may be, as a part of it, before anything is moved.</summary>
    public const double Tolerance = 0.08;

    /// <summary>A group is at most one part in so many of a silo's share, so that moving one cannot overshoot by much.</summary>
    private const int GroupsPerShare = 8;

    /// <summary>Plans.</summary>
    /// <param name="silos">The silos there are.</param>
    /// <param name="shards">The shards there are. Those of owners that are not among the silos are left to whoever takes over from those.</param>
    public static RebalancePlan Plan(IEnumerable<SiloRoom> silos, IEnumerable<OwnedShard> shards)
    {
        ArgumentNullException.ThrowIfNull(silos);
        ArgumentNullException.ThrowIfNull(shards);
        SiloRoom[] all = [.. silos.OrderBy(static s => s.Owner.Value, StringComparer.Ordinal)];
        HashSet<OwnerId> known = [.. all.Select(static s => s.Owner)];
        OwnedShard[] placed = [.. shards.Where(s => known.Contains(s.Shard.Owner))];
        List<ShardMove> moves = [];
        foreach (bool idle in (bool[])[false, true])
        {
            SiloShares shares = new(all, [.. placed.Where(s => s.IsIdle == idle)], idle, GroupsPerShare);
            if (shares.Staying.Count > 0)
            {
                shares.EmptyLeaving();
                shares.Even(Tolerance);
            }

            moves.AddRange(shares.Moves());
        }

        Dictionary<OwnerId, long> before = all.ToDictionary(static s => s.Owner, s => Sum(placed.Where(p => p.Shard.Owner == s.Owner)));
        Dictionary<OwnerId, long> after = new(before);
        foreach (ShardMove move in moves.Where(static m => !m.Shard.IsIdle))
        {
            after[move.From] -= move.Shard.Bytes;
            after[move.To] += move.Shard.Bytes;
        }

        HashSet<OwnerId> leaving = [.. all.Where(static s => s.Leaves).Select(static s => s.Owner)];
        return new RebalancePlan([.. moves.OrderBy(m => leaving.Contains(m.From) ? 0 : 1)], before, after);
    }

    private static long Sum(IEnumerable<OwnedShard> shards) => shards.Sum(static s => s.IsIdle ? 0 : s.Bytes);
}
