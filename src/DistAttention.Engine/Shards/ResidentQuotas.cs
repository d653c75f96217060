using DistAttention.Calls;
using DistAttention.Engine.Planning;

namespace DistAttention.Engine.Shards;

/// <summary>
/// How much of a process's memory the rows of one caller may take: a shard counts for whoever brought it in. What is beyond makes room first
/// among the caller's own shards, the longest unused ones, where the store can give them back; then appends are refused. Queries are not: a
/// sequence larger than the quota answers, and gives its memory back afterwards. Appends that are written at the same moment may go beyond by
/// what they write. Without a quota nothing is kept.
/// </summary>
/// <param name="registry">The shards.</param>
/// <param name="bytesPerCaller">The quota in bytes; <see cref="long.MaxValue"/> for none.</param>
public sealed class ResidentQuotas(ShardRegistry registry, long bytesPerCaller)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<ShardId, CallerId> _callers = [];
    private readonly Dictionary<CallerId, Dictionary<ShardId, long>> _shards = []; // with their last use
    private long _uses;

    /// <summary>The quota, in bytes.</summary>
    public long BytesPerCaller => bytesPerCaller;

    /// <summary>Bytes of a caller's shards in memory.</summary>
    /// <param name="caller">The caller.</param>
    public long ResidentBytes(CallerId caller)
    {
        lock (_lock)
        {
            return Resident(caller);
        }
    }

    /// <summary>Makes room for rows about to be written.</summary>
    /// <param name="caller">On whose behalf.</param>
    /// <param name="shard">The shard they go to; it stays.</param>
    /// <param name="bytes">More memory that it needs for them; 0 if none.</param>
    /// <exception cref="CapacityExceededException">They are beyond the quota.</exception>
    public void RequireRoom(CallerId caller, ShardId shard, long bytes)
    {
        if (bytesPerCaller == long.MaxValue || bytes == 0)
        {
            return;
        }

        lock (_lock)
        {
            CallerId counted = Note(caller, shard);
            Evict(counted, bytesPerCaller - bytes, keep: shard);
            long resident = Resident(counted);
            if (bytes > bytesPerCaller - resident)
            {
                throw new CapacityExceededException(bytesPerCaller, resident, bytes);
            }
        }
    }

    /// <summary>Takes note of shards that were read, and takes out of memory what they left beyond the quota.</summary>
    /// <param name="caller">On whose behalf.</param>
    /// <param name="shards">The shards.</param>
    public void WereRead(CallerId caller, IReadOnlyList<ShardSlice> shards)
    {
        if (bytesPerCaller == long.MaxValue)
        {
            return;
        }

        lock (_lock)
        {
            foreach (ShardSlice slice in shards)
            {
                Note(caller, slice.Shard.Id);
            }

            Evict(caller, bytesPerCaller, keep: null);
        }
    }

    /// <summary>Counts a shard for the caller, unless it counts for somebody else already.</summary>
    private CallerId Note(CallerId caller, ShardId shard)
    {
        if (!_callers.TryGetValue(shard, out CallerId counted))
        {
            _callers.Add(shard, counted = caller);
        }

        if (!_shards.TryGetValue(counted, out Dictionary<ShardId, long>? own))
        {
            _shards.Add(counted, own = []);
        }

        own[shard] = ++_uses;
        return counted;
    }

    private void Evict(CallerId caller, long most, ShardId? keep)
    {
        if (!_shards.TryGetValue(caller, out Dictionary<ShardId, long>? own) || Resident(caller) <= most)
        {
            return;
        }

        foreach (ShardId shard in own.OrderBy(static s => s.Value).Select(static s => s.Key).ToList())
        {
            if (shard != keep && registry.Evict(shard))
            {
                Forget(caller, own, shard);
            }

            if (Resident(caller) <= most)
            {
                return;
            }
        }
    }

    private long Resident(CallerId caller)
    {
        long bytes = 0;
        if (_shards.TryGetValue(caller, out Dictionary<ShardId, long>? own))
        {
            foreach (ShardId shard in own.Keys.ToList())
            {
                long resident = registry.ResidentBytes(shard);
                bytes += resident;
                if (resident == 0 && registry.IsForgotten(shard))
                {
                    Forget(caller, own, shard);
                }
            }
        }

        return bytes;
    }

    private void Forget(CallerId caller, Dictionary<ShardId, long> own, ShardId shard)
    {
        _callers.Remove(shard);
        own.Remove(shard);
        if (own.Count == 0)
        {
            _shards.Remove(caller);
        }
    }
}
