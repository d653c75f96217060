using DistAttention.Engine.Shards;

namespace DistAttention.Engine.Planning;

/// <summary>The rows of a shard that a call reads: the first <paramref name="Length"/>.</summary>
/// <param name="Shard">The shard and its owner.</param>
/// <param name="Length">Rows, at least 1.</param>
public readonly record struct ShardSlice(ShardEntry Shard, int Length)
{
    /// <summary>The positions of some slices, neighbours together.</summary>
    /// <param name="slices">In the order of their positions.</param>
    /// <param name="shardLength">Positions per shard.</param>
    public static PositionRange[] Positions(IReadOnlyList<ShardSlice> slices, int shardLength)
    {
        List<PositionRange> ranges = [];
        foreach (ShardSlice slice in slices)
        {
            long start = (long)slice.Shard.Id.Index * shardLength;
            if (ranges.Count > 0 && ranges[^1].End == start)
            {
                ranges[^1] = ranges[^1] with { End = start + slice.Length };
            }
            else
            {
                ranges.Add(new PositionRange(start, start + slice.Length));
            }
        }

        return [.. ranges];
    }
}
