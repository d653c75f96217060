using DistAttention.Engine.Shards;

namespace DistAttention.Engine.Rebalancing;

/// <summary>Which shards are to change their owners, and what each owner then has. Plain data.</summary>
/// <param name="Moves">In the order in which they are best made: what leaves a silo that goes first; neighbours one after the other.</param>
/// <param name="BytesBefore">Bytes in memory per owner before, idle shards not counted.</param>
/// <param name="BytesAfter">The same after it.</param>
public sealed record RebalancePlan(
    IReadOnlyList<ShardMove> Moves,
    IReadOnlyDictionary<OwnerId, long> BytesBefore,
    IReadOnlyDictionary<OwnerId, long> BytesAfter)
{
    /// <summary>Bytes that the moves take to other owners.</summary>
    public long MovedBytes => Moves.Sum(static m => m.Shard.IsIdle ? 0 : m.Shard.Bytes);

    /// <summary>How far the owner farthest from the mean is from it, as a part of the mean; 0 if nobody has anything.</summary>
    /// <param name="bytes">Per owner.</param>
    public static double Unevenness(IReadOnlyCollection<long> bytes)
    {
        double mean = bytes.Count == 0 ? 0 : bytes.Average();
        return mean == 0 ? 0 : bytes.Max(b => Math.Abs(b - mean)) / mean;
    }
}
