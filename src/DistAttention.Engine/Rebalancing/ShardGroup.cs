using DistAttention.Engine.Shards;

namespace DistAttention.Engine.Rebalancing;

/// <summary>
/// Shards that move together: 2ⁿ neighbours of one sequence on one owner, aligned, so that whoever has them answers for them with one
/// partial; or fewer, where there are no more.
/// </summary>
internal sealed class ShardGroup
{
    private ShardGroup(IReadOnlyList<OwnedShard> shards)
    {
        Shards = shards;
        Bytes = shards.Sum(static s => s.Bytes);
        Heat = shards.Sum(static s => s.Heat);
    }

    public IReadOnlyList<OwnedShard> Shards { get; }

    public long Bytes { get; }

    public double Heat { get; }

    public OwnerId Owner => Shards[0].Shard.Owner;

    public ShardId First => Shards[0].Shard.Id;

    public ShardId Last => Shards[^1].Shard.Id;

    /// <summary>Cuts the shards of one owner into aligned groups of at most so many bytes; a single shard may have more.</summary>
    /// <param name="shards">Shards of one owner.</param>
    /// <param name="mostBytes">The most that a group of several may have.</param>
    public static IEnumerable<ShardGroup> Of(IEnumerable<OwnedShard> shards, long mostBytes)
    {
        foreach (IGrouping<Guid, OwnedShard> sequence in shards.GroupBy(static s => s.Shard.Id.Sequence).OrderBy(static g => g.Key))
        {
            OwnedShard[] inOrder = [.. sequence.OrderBy(static s => s.Shard.Id.Index).ThenBy(static s => s.Shard.Id.Generation)];
            for (int start = 0; start < inOrder.Length;)
            {
                int length = LongestFrom(inOrder, start, mostBytes);
                yield return new ShardGroup(inOrder[start..(start + length)]);
                start += length;
            }
        }
    }

    /// <summary>Two halves; null for a single shard.</summary>
    public (ShardGroup Left, ShardGroup Right)? Halves() =>
        Shards.Count == 1 ? null : (new ShardGroup([.. Shards.Take(Shards.Count / 2)]), new ShardGroup([.. Shards.Skip(Shards.Count / 2)]));

    /// <summary>Whether it goes on where another one ends, or ends where that one goes on.</summary>
    public bool IsBeside(ShardGroup other) =>
        First.Sequence == other.First.Sequence && (Last.Index + 1 == other.First.Index || other.Last.Index + 1 == First.Index);

    public static int Compare(ShardGroup a, ShardGroup b) =>
        (a.First.Sequence, a.First.Index, a.First.Generation).CompareTo((b.First.Sequence, b.First.Index, b.First.Generation));

    private static int LongestFrom(OwnedShard[] shards, int start, long mostBytes)
    {
        int first = shards[start].Shard.Id.Index;
        long bytes = shards[start].Bytes;
        int length = 1;
        while (first % (length * 2) == 0 && start + (length * 2) <= shards.Length)
        {
            for (int i = length; i < length * 2; i++)
            {
                if (shards[start + i].Shard.Id.Index != first + i)
                {
                    return length;
                }

                bytes += shards[start + i].Bytes;
            }

            if (bytes > mostBytes)
            {
                return length;
            }

            length *= 2;
        }

        return length;
    }
}
