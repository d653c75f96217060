using DistAttention.Contracts;
using DistAttention.Engine.Ledger;
using DistAttention.Engine.Replicas;
using DistAttention.Engine.Shards;

namespace DistAttention.Grains;

/// <summary>
/// Tells the silos that keep a sequence's shards warm what is committed of them. Beside the appends, never in their way: notes are
/// gathered while the last ones are on their way, and a note that is lost costs a reading later.
/// </summary>
/// <param name="silos">Who keeps what.</param>
/// <param name="time">The clock of pauses.</param>
internal sealed class ReplicaNotes(ClusterSilos silos, TimeProvider time)
{
    private static readonly TimeSpan _gather = TimeSpan.FromMilliseconds(20);

    private readonly Lock _lock = new();
    private readonly Dictionary<(OwnerId Replica, ShardId Shard), FollowedShard> _waiting = [];
    private readonly Dictionary<ShardId, OwnerId> _told = [];
    private bool _running;

    /// <summary>Tells of rows that were committed.</summary>
    public void Tell(LedgerRecord record, PositionRange committed)
    {
        foreach ((OwnerId owner, FollowedShard shard) in FollowedShards.Of(record, committed))
        {
            if (silos.ReplicaOf(owner) is { } replica)
            {
                Add(replica, shard);
            }
        }
    }

    /// <summary>Tells silos of shards that they are to keep since silos came, went, or shards moved.</summary>
    public void Refresh(LedgerRecord record)
    {
        if (!silos.KeepsReplicas)
        {
            return;
        }

        foreach ((OwnerId owner, FollowedShard shard) in FollowedShards.Of(record, new PositionRange(0, record.Length)))
        {
            if (silos.ReplicaOf(owner) is { } replica && !IsTold(shard.Id, replica))
            {
                Add(replica, shard);
            }
        }
    }

    /// <summary>Says that shards are no longer part of the sequence.</summary>
    public void Forget(IEnumerable<ShardEntry> shards)
    {
        foreach (IGrouping<OwnerId, ShardId> kept in shards
            .Select(s => (Replica: silos.ReplicaOf(s.Owner), s.Id))
            .Where(static s => s.Replica is not null)
            .GroupBy(static s => s.Replica!.Value, static s => s.Id))
        {
            lock (_lock)
            {
                foreach (ShardId id in kept)
                {
                    _told.Remove(id);
                    _waiting.Remove((kept.Key, id));
                }
            }

            _ = silos.Host(kept.Key).UnfollowAsync([.. kept.Select(EngineWire.ToRef)]);
        }
    }

    private bool IsTold(ShardId shard, OwnerId replica)
    {
        lock (_lock)
        {
            return _told.TryGetValue(shard, out OwnerId told) && told == replica;
        }
    }

    private void Add(OwnerId replica, FollowedShard shard)
    {
        lock (_lock)
        {
            _told[shard.Id] = replica;
            _waiting[(replica, shard.Id)] = shard;
            if (_running)
            {
                return;
            }

            _running = true;
        }

        _ = Task.Run(SendAsync);
    }

    private async Task SendAsync()
    {
        while (true)
        {
            await Task.Delay(_gather, time).ConfigureAwait(false);
            (OwnerId Replica, FollowedShard Shard)[] notes;
            lock (_lock)
            {
                if (_waiting.Count == 0)
                {
                    _running = false;
                    return;
                }

                notes = [.. _waiting.Select(static w => (w.Key.Replica, w.Value))];
                _waiting.Clear();
            }

            foreach (IGrouping<OwnerId, FollowedShard> kept in notes.GroupBy(static n => n.Replica, static n => n.Shard))
            {
                _ = silos.Host(kept.Key).FollowAsync([.. kept.Select(static s => new FollowNote(EngineWire.ToRef(s.Id), s.Rows, s.Fence, s.Bytes))]);
            }
        }
    }
}
