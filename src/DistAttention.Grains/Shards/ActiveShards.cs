using System.Collections.Concurrent;
using DistAttention.Engine.Shards;

namespace DistAttention.Grains;

/// <summary>The shard grains of this silo, so that one whose shard is forgotten can go.</summary>
internal sealed class ActiveShards
{
    private readonly ConcurrentDictionary<ShardId, Action> _deactivate = new();

    public void Add(ShardId id, Action deactivate) => _deactivate[id] = deactivate;

    public void Remove(ShardId id) => _deactivate.TryRemove(id, out _);

    public void Deactivate(ShardId id)
    {
        if (_deactivate.TryRemove(id, out Action? deactivate))
        {
            deactivate();
        }
    }
}
