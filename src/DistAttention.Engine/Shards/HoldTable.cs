using System.Collections.Concurrent;
using System.Collections.Immutable;

namespace DistAttention.Engine.Shards;

/// <summary>Which sequences hold which shards, for stores that live in this process.</summary>
internal sealed class HoldTable
{
    private readonly ConcurrentDictionary<ShardId, ImmutableHashSet<Guid>> _holders = new();

    public void Retain(ShardId shard, Guid holder) =>
        _holders.AddOrUpdate(shard, static (_, h) => [h], static (_, holders, h) => holders.Add(h), holder);

    /// <summary>Lets the maker of a shard hold it, unless somebody holds it already: then it has let go, or it never will have to.</summary>
    public void RetainFirst(ShardId shard) => _holders.TryAdd(shard, [shard.Sequence]);

    public IReadOnlyCollection<Guid> HoldersOf(ShardId shard) => _holders.GetValueOrDefault(shard, []);

    /// <summary>Ends a hold; true when it was the last, or when there was none.</summary>
    public bool Release(ShardId shard, Guid holder)
    {
        while (_holders.TryGetValue(shard, out ImmutableHashSet<Guid>? holders))
        {
            ImmutableHashSet<Guid> left = holders.Remove(holder);
            bool done = left.IsEmpty
                ? _holders.TryRemove(new KeyValuePair<ShardId, ImmutableHashSet<Guid>>(shard, holders))
                : _holders.TryUpdate(shard, left, holders);
            if (done)
            {
                return left.IsEmpty;
            }
        }

        return true;
    }
}
