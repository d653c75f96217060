namespace DistAttention.Engine.Shards;

/// <summary>The shards that something happened to lately; of more than fit, the oldest are forgotten. Not thread-safe.</summary>
/// <param name="capacity">How many fit.</param>
internal sealed class RecentIds(int capacity)
{
    private readonly Dictionary<ShardId, LinkedListNode<ShardId>> _places = [];
    private readonly LinkedList<ShardId> _oldestFirst = [];

    /// <summary>Whether it happened to a shard.</summary>
    public bool Contains(ShardId id) => _places.ContainsKey(id);

    /// <summary>Notes that it happened; once is as good as twice.</summary>
    public void Add(ShardId id)
    {
        if (_places.ContainsKey(id))
        {
            return;
        }

        _places.Add(id, _oldestFirst.AddLast(id));
        if (_places.Count > capacity)
        {
            Remove(_oldestFirst.First!.Value);
        }
    }

    /// <summary>Notes that it is undone.</summary>
    public void Remove(ShardId id)
    {
        if (_places.Remove(id, out LinkedListNode<ShardId>? place))
        {
            _oldestFirst.Remove(place);
        }
    }
}
