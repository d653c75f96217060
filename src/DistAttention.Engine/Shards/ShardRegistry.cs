using DistAttention.Engine.Memory;

namespace DistAttention.Engine.Shards;

/// <summary>
/// The shards that this process holds. A shard stays while a sequence holds it (its maker, and forks that share it) or a
/// running call has pinned it; then its memory goes when its last reader is done, and the store forgets it.
/// </summary>
public sealed class ShardRegistry : IDisposable
{
    /// <summary>How many forgotten shards are remembered, so that a late write does not bring one back.</summary>
    private const int ForgottenCapacity = 65_536;

    private readonly Lock _lock = new();
    private readonly Dictionary<ShardId, Entry> _entries = [];
    private readonly HashSet<ShardId> _forgotten = [];
    private readonly Queue<ShardId> _forgottenOldestFirst = [];
    private readonly IShardStore _store;

    /// <summary>Makes an empty registry.</summary>
    /// <param name="budget">Pays for blocks.</param>
    /// <param name="store">Where rows outlive memory.</param>
    public ShardRegistry(ByteBudget budget, IShardStore store)
    {
        Budget = budget;
        _store = store;
    }

    /// <summary>Pays for blocks.</summary>
    public ByteBudget Budget { get; }

    /// <summary>Where rows outlive memory.</summary>
    public IShardStore Store => _store;

    /// <summary>Leases a resident shard, or returns null. The caller releases it.</summary>
    /// <param name="id">The shard.</param>
    public Shard? TryLease(ShardId id)
    {
        lock (_lock)
        {
            if (_entries.TryGetValue(id, out Entry? entry) && entry.Shard is { } shard)
            {
                shard.Lease();
                return shard;
            }

            return null;
        }
    }

    /// <summary>Leases a shard that is to be written, making it if need be. The caller releases it.</summary>
    /// <param name="id">The shard.</param>
    /// <param name="spec">The sequence's shape and storage.</param>
    /// <exception cref="StaleWriteException">The shard is no longer part of any sequence.</exception>
    public Shard LeaseForWrite(ShardId id, SequenceSpec spec)
    {
        lock (_lock)
        {
            if (_forgotten.Contains(id))
            {
                throw new StaleWriteException(id);
            }

            Entry entry = GetOrAdd(id, id.Sequence);
            entry.Shard ??= new Shard(id, spec, Budget);
            entry.Shard.Lease();
            return entry.Shard;
        }
    }

    /// <summary>Leases a shard, reading it back from the store if it is not resident; null if the store has nothing of it either.</summary>
    /// <param name="id">The shard.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    public async ValueTask<Shard?> LeaseOrLoadAsync(ShardId id, CancellationToken cancellationToken)
    {
        if (TryLease(id) is { } resident)
        {
            return resident;
        }

        Shard? loaded = null;
        try
        {
            await foreach (ShardWrite write in _store.ReadAsync(id, cancellationToken).ConfigureAwait(false))
            {
                loaded ??= new Shard(id, write.Spec, Budget);
                Replay(loaded, write);
            }
        }
        catch
        {
            loaded?.Release();
            throw;
        }

        if (loaded is null)
        {
            return null;
        }

        lock (_lock)
        {
            Entry entry = GetOrAdd(id, id.Sequence);
            if (entry.Shard is null)
            {
                entry.Shard = loaded;
            }
            else
            {
                loaded.Release();
            }

            entry.Shard.Lease();
            return entry.Shard;
        }
    }

    /// <summary>Adds a shard that starts with another's first rows.</summary>
    /// <param name="id">The new shard.</param>
    /// <param name="source">The shard it starts with.</param>
    /// <param name="count">Rows to take.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>Whether the source is here.</returns>
    public async ValueTask<bool> SeedAsync(ShardId id, ShardId source, int count, CancellationToken cancellationToken)
    {
        Shard? from = await LeaseOrLoadAsync(source, cancellationToken).ConfigureAwait(false);
        if (from is null)
        {
            return false;
        }

        try
        {
            await _store.SeedAsync(id, source, count, cancellationToken).ConfigureAwait(false);
            Shard seeded = Shard.Seeded(id, from, count, Budget);
            lock (_lock)
            {
                Entry entry = GetOrAdd(id, id.Sequence);
                Shard? before = entry.Shard;
                entry.Shard = seeded;
                before?.Release();
            }

            return true;
        }
        finally
        {
            from.Release();
        }
    }

    /// <summary>Lets another sequence hold shards too. Holding twice is holding once.</summary>
    /// <param name="ids">The shards.</param>
    /// <param name="holder">The sequence.</param>
    public void Retain(IEnumerable<ShardId> ids, Guid holder)
    {
        lock (_lock)
        {
            foreach (ShardId id in ids)
            {
                GetOrAdd(id, holder).Holders.Add(holder);
            }
        }
    }

    /// <summary>Ends a sequence's hold on shards. What nobody holds any more is forgotten.</summary>
    /// <param name="ids">The shards.</param>
    /// <param name="holder">The sequence.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public async ValueTask ReleaseAsync(IEnumerable<ShardId> ids, Guid holder, CancellationToken cancellationToken)
    {
        List<ShardId>? forgotten = null;
        lock (_lock)
        {
            foreach (ShardId id in ids)
            {
                if (_entries.TryGetValue(id, out Entry? entry))
                {
                    entry.Holders.Remove(holder);
                    ForgetIfUnheld(id, entry, ref forgotten);
                }
            }
        }

        await DeleteAsync(forgotten ?? [], cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Keeps shards for a running call, whatever is truncated or deleted meanwhile. All or none.</summary>
    /// <param name="shards">The shards.</param>
    /// <returns>False if one of them is no longer held.</returns>
    public bool TryPin(ReadOnlySpan<ShardEntry> shards)
    {
        lock (_lock)
        {
            foreach (ShardEntry shard in shards)
            {
                if (!_entries.ContainsKey(shard.Id))
                {
                    return false;
                }
            }

            foreach (ShardEntry shard in shards)
            {
                _entries[shard.Id].Pins++;
            }

            return true;
        }
    }

    /// <summary>Ends a running call's pins.</summary>
    /// <param name="shards">The shards, each pinned before.</param>
    public void Unpin(ReadOnlySpan<ShardEntry> shards)
    {
        List<ShardId>? forgotten = null;
        lock (_lock)
        {
            foreach (ShardEntry shard in shards)
            {
                if (_entries.TryGetValue(shard.Id, out Entry? entry))
                {
                    entry.Pins--;
                    ForgetIfUnheld(shard.Id, entry, ref forgotten);
                }
            }
        }

        if (forgotten is not null)
        {
            // The caller waits for an answer, not for the store; what fails here is found by the store's own sweep.
            _ = DeleteAsync(forgotten, CancellationToken.None).AsTask();
        }
    }

    /// <summary>Takes a shard out of memory; it comes back from the store when it is asked for. Its readers finish first.</summary>
    /// <param name="id">The shard.</param>
    /// <returns>Whether it was resident.</returns>
    public bool Evict(ShardId id)
    {
        lock (_lock)
        {
            if (!_entries.TryGetValue(id, out Entry? entry) || entry.Shard is not { } shard)
            {
                return false;
            }

            entry.Shard = null;
            shard.Release();
            return true;
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

    /// <summary>Whether some sequence holds the shard, or a call has pinned it.</summary>
    /// <param name="id">The shard.</param>
    public bool IsKnown(ShardId id)
    {
        lock (_lock)
        {
            return _entries.ContainsKey(id);
        }
    }

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

    /// <summary>Lets go of every shard; memory goes with the last of its readers.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            foreach (Entry entry in _entries.Values)
            {
                entry.Shard?.Release();
            }

            _entries.Clear();
        }
    }

    private static void Replay(Shard shard, in ShardWrite write)
    {
        try
        {
            shard.Prepare(write);
        }
        catch (StaleWriteException)
        {
            // A late write of an older reservation: what replaced it stands earlier in the store.
            return;
        }

        foreach (PositionRange part in BlockParts.Of(write.FirstIdx, write.Count))
        {
            shard.PackPart(write, part);
        }

        shard.Complete(write);
    }

    private void ForgetIfUnheld(ShardId id, Entry entry, ref List<ShardId>? forgotten)
    {
        if (entry.Holders.Count > 0 || entry.Pins > 0)
        {
            return;
        }

        _entries.Remove(id);
        entry.Shard?.Release();
        (forgotten ??= []).Add(id);
        Remember(id);
    }

    private async ValueTask DeleteAsync(List<ShardId> forgotten, CancellationToken cancellationToken)
    {
        foreach (ShardId id in forgotten)
        {
            await _store.DeleteAsync(id, cancellationToken).ConfigureAwait(false);
        }
    }

    private void Remember(ShardId forgotten)
    {
        _forgotten.Add(forgotten);
        _forgottenOldestFirst.Enqueue(forgotten);
        if (_forgottenOldestFirst.Count > ForgottenCapacity)
        {
            _forgotten.Remove(_forgottenOldestFirst.Dequeue());
        }
    }

    private Entry GetOrAdd(ShardId id, Guid holder)
    {
        if (!_entries.TryGetValue(id, out Entry? entry))
        {
            _entries.Add(id, entry = new Entry { Holders = { holder } });
        }

        return entry;
    }

    private sealed class Entry
    {
        public Shard? Shard { get; set; }

        public HashSet<Guid> Holders { get; } = [];

        public int Pins { get; set; }
    }
}
