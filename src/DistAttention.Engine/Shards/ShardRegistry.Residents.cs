namespace DistAttention.Engine.Shards;

public sealed partial class ShardRegistry
{
    /// <summary>The shards in memory, the bytes of each, and how often it was leased of late, half of it forgotten every minute.</summary>
    public IReadOnlyList<(ShardId Id, long Bytes, double Heat)> Residents()
    {
        long now = Environment.TickCount64;
        lock (_lock)
        {
            return [.. _entries.Where(static e => e.Value.Shard is not null).Select(e => (e.Key, e.Value.Shard!.ResidentBytes, e.Value.Heat.At(now)))];
        }
    }
}
