namespace DistAttention.Engine.Shards;

/// <summary>What is in memory, and how much it is used.</summary>
public sealed partial class ShardRegistry
{
    /// <summary>Resident shards, and the positions in them.</summary>
    public (int Shards, long Positions) Count()
    {
        lock (_lock)
        {
            int shards = 0;
            long positions = 0;
            foreach (Entry entry in _entries.Values)
            {
                if (entry.Shard is { } shard)
                {
                    shards++;
                    positions += shard.ContiguousLength;
                }
            }

            return (shards, positions);
        }
    }

    /// <summary>Bytes that a shard holds in memory; 0 if it is not resident.</summary>
    /// <param name="id">The shard.</param>
    public long ResidentBytes(ShardId id)
    {
        lock (_lock)
        {
            return _entries.TryGetValue(id, out Entry? entry) ? entry.Shard?.ResidentBytes ?? 0 : 0;
        }
    }

    /// <summary>The shards in memory, the bytes of each, and how often it was leased of late, half of it forgotten every minute.</summary>
    public IReadOnlyList<(ShardId Id, long Bytes, double Heat)> Residents()
    {
        long now = Environment.TickCount64;
        lock (_lock)
        {
            return [.. _entries.Where(static e => e.Value.Shard is not null).Select(e => (e.Key, e.Value.Shard!.ResidentBytes, e.Value.Heat.At(now)))];
        }
    }

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
