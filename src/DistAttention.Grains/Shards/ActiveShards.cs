using System.Collections.Concurrent;
using DistAttention.Engine.Shards;

namespace DistAttention.Grains;

/// <summary>The shard grains of this silo, so that one whose shard is forgotten can go, and one whose shard has moved can go after it.</summary>
internal sealed class ActiveShards
{
    /// <summary>Shards that have moved and are remembered. Of others, writers learn from the ledger.</summary>
    private const int Capacity = 65_536;

    private readonly ConcurrentDictionary<ShardId, (Action Deactivate, Action<OwnerId> Migrate)> _active = new();
    private readonly ConcurrentDictionary<ShardId, OwnerId> _moved = new();

    public void Add(ShardId id, Action deactivate, Action<OwnerId> migrate) => _active[id] = (deactivate, migrate);

    public void Remove(ShardId id) => _active.TryRemove(id, out _);

    public void Deactivate(ShardId id)
    {
        if (_active.TryRemove(id, out (Action Deactivate, Action<OwnerId> Migrate) grain))
        {
            grain.Deactivate();
        }
    }

    /// <summary>Sends a grain where its shard is now. One that only ended would be made anew here by whoever still knows this place.</summary>
    public void Migrate(ShardId id, OwnerId to)
    {
        if (_moved.Count >= Capacity)
        {
            _moved.Clear();
        }

        _moved[id] = to;
        if (_active.TryGetValue(id, out (Action Deactivate, Action<OwnerId> Migrate) grain))
        {
            grain.Migrate(to);
        }
    }

    /// <summary>Where a shard has gone that was here; null if that is not known.</summary>
    public OwnerId? MovedTo(ShardId id) => _moved.TryGetValue(id, out OwnerId to) ? to : null;
}
