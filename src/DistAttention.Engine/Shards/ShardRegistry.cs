using DistAttention.Engine.Compute;
using DistAttention.Engine.Memory;

namespace DistAttention.Engine.Shards;

/// <summary>
/// The shards that this process has in memory. A shard stays while a sequence holds it (its maker, and forks that share it; the
/// store knows them) or a running call has pinned it; then its memory goes when its last reader is done. Where the store is durable,
/// idle shards also leave memory when it is needed for others.
/// </summary>
public sealed partial class ShardRegistry : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<ShardId, Entry> _entries = [];
    private readonly Dictionary<ShardId, Task> _loading = [];
    private readonly IShardStore _store;
    private readonly int _readers;
    private readonly SemaphoreSlim? _readTurns; // null where there is one reader, who need not wait for itself
    private long _uses;
    private bool _disposed;

    /// <summary>Makes an empty registry.</summary>
    /// <param name="budget">Pays for blocks.</param>
    /// <param name="store">Where rows outlive memory.</param>
    /// <param name="pool">Shards are read back by as many readers at once as it has threads, which it does not lend: they wait for disks. Null for one.</param>
    public ShardRegistry(ByteBudget budget, IShardStore store, ComputePool? pool = null)
    {
        Budget = budget;
        _store = store;
        _readers = pool?.Threads ?? 1;
        _readTurns = _readers > 1 ? new SemaphoreSlim(_readers) : null;
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
            return _entries.TryGetValue(id, out Entry? entry) && entry.Shard is not null ? Lease(entry, writeSpec: null) : null;
        }
    }

    /// <summary>
    /// Leases a shard that is to be written, reading it back if it is not resident, and making it if there is none. It
    /// stays resident until <see cref="EndWrite"/>.
    /// </summary>
    /// <param name="id">The shard.</param>
    /// <param name="spec">The sequence's shape and storage.</param>
    /// <param name="committedRows">Rows of the shard that are committed.</param>
    /// <param name="fence">The fence of the reservation.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <exception cref="StaleWriteException">The shard is no longer part of any sequence.</exception>
    public async ValueTask<Shard> LeaseForWriteAsync(ShardId id, SequenceSpec spec, int committedRows, long fence, CancellationToken cancellationToken) =>
        await LeaseAsync(id, spec, committedRows, fence, cancellationToken).ConfigureAwait(false) ?? throw new StaleWriteException(id);

    /// <summary>Ends a lease for writing.</summary>
    /// <param name="shard">The shard.</param>
    public void EndWrite(Shard shard)
    {
        lock (_lock)
        {
            if (_entries.TryGetValue(shard.Id, out Entry? entry) && entry.Shard == shard)
            {
                entry.Writers--;
            }
        }

        shard.Release();
    }

    /// <summary>
    /// Leases a shard, reading it back from the store if it is not resident, or not with all its committed rows: another process may have
    /// written them. Null if the store has nothing of it either.
    /// </summary>
    /// <param name="id">The shard.</param>
    /// <param name="committedRows">Rows of it that are committed, as far as the caller knows.</param>
    /// <param name="fence">The ledger's fence, as far as the caller knows.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <exception cref="StorageDamagedException">Some of them cannot be read back.</exception>
    public ValueTask<Shard?> LeaseOrLoadAsync(ShardId id, int committedRows, long fence, CancellationToken cancellationToken) =>
        LeaseAsync(id, writeSpec: null, committedRows, fence, cancellationToken);

    /// <summary>Adds a shard that starts with another's first rows.</summary>
    /// <param name="id">The new shard.</param>
    /// <param name="source">The shard it starts with.</param>
    /// <param name="count">Rows to take.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>Whether the source is here.</returns>
    public async ValueTask<bool> SeedAsync(ShardId id, ShardId source, int count, CancellationToken cancellationToken)
    {
        Shard? from = await LeaseOrLoadAsync(source, count, fence: 0, cancellationToken).ConfigureAwait(false);
        if (from is null)
        {
            return false;
        }

        Shard? seeded = null;
        try
        {
            if (_store.IsDurable)
            {
                // What is here of the source may not be certain; what it comes to is read back when it is asked for.
                await _store.SeedAsync(id, source, count, cancellationToken).ConfigureAwait(false);
                return true;
            }

            seeded = Shard.Seeded(id, from, count, Budget);
            await _store.SeedAsync(id, source, count, cancellationToken).ConfigureAwait(false);
            lock (_lock)
            {
                ThrowIfDisposed();
                Entry entry = GetOrAdd(id);
                (entry.Shard, seeded) = (seeded, entry.Shard);
            }

            return true;
        }
        finally
        {
            seeded?.Release();
            from.Release();
        }
    }

    /// <summary>Forgets rows that a shard was given for an append that was given up; nothing happens if it is not resident.</summary>
    /// <param name="id">The shard.</param>
    /// <param name="length">Rows to keep.</param>
    /// <param name="fence">The fence of the append's reservation.</param>
    public void Trim(ShardId id, int length, long fence)
    {
        if (TryLease(id) is { } shard)
        {
            shard.Trim(length, fence);
            shard.Release();
        }
    }

    /// <summary>Lets go of every shard; memory goes with the last of its readers.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            foreach (Shard arriving in _arriving.Values)
            {
                arriving.Release();
            }

            _arriving.Clear();
            foreach (Entry entry in _entries.Values)
            {
                entry.Shard?.Release();
            }

            _entries.Clear();
        }
    }

    /// <summary>One reader of the store at a time per shard; whatever is written meanwhile waits for it, so what it read is whole.</summary>
    private async ValueTask<Shard?> LeaseAsync(ShardId id, SequenceSpec? writeSpec, int committedRows, long fence, CancellationToken cancellationToken)
    {
        bool caughtUp = false;
        while (true)
        {
            TaskCompletionSource? mine = null;
            Task? running;
            Shard? behind = null;
            lock (_lock)
            {
                ThrowIfDisposed();
                if (writeSpec is not null && _givenAway.Contains(id))
                {
                    throw new StaleWriteException(id);
                }

                if (_entries.TryGetValue(id, out Entry? entry) && entry.Shard is { } here)
                {
                    // Rows that another process wrote are in the store only.
                    here.Hear(fence, committedRows);
                    if (caughtUp || !_store.IsDurable || here.ContiguousLength >= committedRows)
                    {
                        return Lease(entry, writeSpec);
                    }

                    behind = here;
                }

                if (_forgotten.Contains(id))
                {
                    return null;
                }

                if (!_loading.TryGetValue(id, out running))
                {
                    mine = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                    _loading.Add(id, mine.Task);
                    behind?.Lease();
                }
            }

            if (mine is null)
            {
                await running!.WaitAsync(cancellationToken).ConfigureAwait(false);
                continue;
            }

            try
            {
                if (behind is not null)
                {
                    await CatchUpAsync(id, behind, committedRows, cancellationToken).ConfigureAwait(false);
                    caughtUp = true;
                    continue;
                }

                Shard? loaded = _store.IsDurable && committedRows > 0
                    ? await CatchUpAsync(id, null, committedRows, cancellationToken).ConfigureAwait(false)
                    : null;
                loaded?.Hear(fence, committedRows);
                return Install(id, loaded, writeSpec);
            }
            finally
            {
                behind?.Release();
                lock (_lock)
                {
                    _loading.Remove(id);
                }

                mine.SetResult();
            }
        }
    }

    /// <summary>Reads the committed rows of a shard that are missing here.</summary>
    /// <returns>The shard, or a new one; null if nothing of it is kept.</returns>
    private async ValueTask<Shard?> CatchUpAsync(ShardId id, Shard? shard, int committedRows, CancellationToken cancellationToken)
    {
        ShardLoad load = new(this, id, shard, committedRows, _readers, _readTurns);
        try
        {
            await _store.LoadAsync(load, cancellationToken).ConfigureAwait(false);
            return load.End();
        }
        catch
        {
            load.Abandon();
            throw;
        }
    }

    /// <summary>Adds a shard as it was read, or an empty one if nothing was and it is to be written, and leases it.</summary>
    private Shard? Install(ShardId id, Shard? loaded, SequenceSpec? writeSpec)
    {
        Shard? unused = loaded;
        try
        {
            lock (_lock)
            {
                ThrowIfDisposed();
                if ((loaded is null && writeSpec is null) || _forgotten.Contains(id))
                {
                    return null;
                }

                Entry entry = GetOrAdd(id);
                if (entry.Shard is null)
                {
                    entry.Shard = loaded ?? new Shard(id, writeSpec!, Budget, _store.IsDurable);
                    unused = null;
                }

                return Lease(entry, writeSpec);
            }
        }
        finally
        {
            unused?.Release();
        }
    }

    private Shard Lease(Entry entry, SequenceSpec? writeSpec)
    {
        entry.Shard!.Lease();
        entry.LastUse = ++_uses;
        entry.Leases++;
        entry.Heat.Add(Environment.TickCount64);
        entry.Writers += writeSpec is null ? 0 : 1;
        return entry.Shard;
    }

    private void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(_disposed, this);

    private Entry GetOrAdd(ShardId id)
    {
        if (!_entries.TryGetValue(id, out Entry? entry))
        {
            _entries.Add(id, entry = new Entry());
        }

        return entry;
    }

    private sealed class Entry
    {
        public Shard? Shard { get; set; }

        public int Pins { get; set; }

        /// <summary>Holders whose hold ends when the last pin does.</summary>
        public List<Guid> Left { get; } = [];

        /// <summary>Writes that run on <see cref="Shard"/>.</summary>
        public int Writers { get; set; }

        /// <summary>Larger is later.</summary>
        public long LastUse { get; set; }

        /// <summary>Times it was asked for.</summary>
        public long Leases { get; set; }

        /// <summary>How often it was leased of late.</summary>
        public FadingCount Heat;
    }
}
