using DistAttention.Engine.Ledger;
using DistAttention.Engine.Shards;
using DistAttention.Kernels;

namespace DistAttention.Engine.Replicas;

/// <summary>What there is to follow of a sequence.</summary>
public static class FollowedShards
{
    /// <summary>The shards that hold committed positions of a range, and who owns each.</summary>
    /// <param name="record">The sequence's committed state.</param>
    /// <param name="positions">The range; what of it is not committed is left out.</param>
    public static IEnumerable<(OwnerId Owner, FollowedShard Shard)> Of(LedgerRecord record, PositionRange positions)
    {
        ArgumentNullException.ThrowIfNull(record);
        int shardLength = record.Spec.ShardLength;
        long blockBytes = KvLayout.Of(record.Spec).BlockBytes;
        long end = Math.Min(positions.End, record.Length);
        for (long start = positions.Start / shardLength * shardLength; start < end; start += shardLength)
        {
            ShardEntry shard = record.Shards[(int)(start / shardLength)];
            int rows = (int)Math.Min(shardLength, record.Length - start);
            int blocks = (rows + SequenceFormat.BlockLength - 1) / SequenceFormat.BlockLength;
            yield return (shard.Owner, new FollowedShard(shard.Id, rows, record.Fence, blocks * blockBytes));
        }
    }
}
