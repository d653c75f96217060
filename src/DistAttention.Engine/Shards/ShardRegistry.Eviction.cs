namespace DistAttention.Engine.Shards;

/// <summary>Shards leave memory when it is needed for others, where the store can give them back.</summary>
public sealed partial class ShardRegistry
{
    /// <summary>Takes a shard out of memory; it comes back from the store when it is asked for. Its readers finish first.</summary>
    /// <param name="id">The shard.</param>
    /// <returns>Whether it was taken out: not if it was not resident, is being written, or could not come back.</returns>
    public bool Evict(ShardId id)
    {
        lock (_lock)
        {
            return _store.IsDurable && _entries.TryGetValue(id, out Entry? entry) && TakeOut(id, entry);
        }
    }

    /// <summary>
    /// Takes the longest unused shards out of memory until so much is free. Shards that are read or written stay; so do all where the
    /// store could not give them back. There may be less room than asked for afterwards: the budget has the last word.
    /// </summary>
    /// <param name="bytes">Bytes about to be taken from the budget.</param>
    public void MakeRoom(long bytes)
    {
        if (!_store.IsDurable || Budget.LimitBytes - Budget.UsedBytes >= bytes)
        {
            return;
        }

        lock (_lock)
        {
            foreach ((ShardId id, Entry entry) in _entries.Where(static e => e.Value.Shard is { Leases: 1 }).OrderBy(static e => e.Value.LastUse).ToList())
            {
                if (Budget.LimitBytes - Budget.UsedBytes >= bytes)
                {
                    return;
                }

                TakeOut(id, entry);
            }
        }
    }

    /// <summary>Takes a shard out of memory unless it is being written.</summary>
    private bool TakeOut(ShardId id, Entry entry)
    {
        if (entry.Shard is not { } shard || entry.Writers > 0)
        {
            return false;
        }

        entry.Shard = null;
        if (entry.Pins == 0)
        {
            _entries.Remove(id);
        }

        shard.Release();
        return true;
    }
}
