namespace DistAttention.Engine.Shards;

public sealed partial class ShardRegistry
{
    /// <summary>What is resident, shard by shard, in no order.</summary>
    public IReadOnlyList<ShardUse> List()
    {
        lock (_lock)
        {
            List<ShardUse> list = new(_entries.Count);
            foreach ((ShardId id, Entry entry) in _entries)
            {
                if (entry.Shard is { } shard)
                {
                    list.Add(new ShardUse(id, shard.ContiguousLength, shard.ResidentBytes, entry.Leases));
                }
            }

            return list;
        }
    }
}
