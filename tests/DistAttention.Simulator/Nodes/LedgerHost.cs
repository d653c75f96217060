using DistAttention.Engine.Ledger;
using DistAttention.Engine.Replicas;
using DistAttention.Engine.Shards;
using DistAttention.Simulator.Networks;
using DistAttention.Simulator.Worlds;

namespace DistAttention.Simulator.Nodes;

/// <summary>
/// The ledgers that are active in one silo, as a grain would hold them: opened when they are asked for, dropped when another one has
/// taken over. Another silo may hold one of the same sequence.
/// </summary>
internal sealed class LedgerHost(Node node)
{
    private readonly Dictionary<SequenceId, Task<SequenceLedger>> _open = [];

    private World World => node.Cluster.World;

    public async Task<T> OnAsync<T>(SequenceId id, Guid uid, Func<SequenceLedger, Task<T>> work)
    {
        for (bool again = true; ; again = false)
        {
            (Task<SequenceLedger> opened, SequenceLedger ledger) = await OpenAsync(id).ConfigureAwait(false);
            if (ledger.Record.Uid != uid)
            {
                // The name may have been given to another sequence since.
                Drop(id, opened);
                if (again)
                {
                    continue;
                }

                throw new SequenceNotFoundException(id);
            }

            try
            {
                return await work(ledger).ConfigureAwait(false);
            }
            catch (LedgerFencedException)
            {
                Drop(id, opened);
                throw;
            }
        }
    }

    public async Task<bool> CreateAsync(LedgerRecord record)
    {
        try
        {
            SequenceLedger ledger = await SequenceLedger.CreateAsync(record, node.Ledgers, node.Cluster, World.Time, CancellationToken.None).ConfigureAwait(false);
            _open[record.Id] = Task.FromResult(ledger);
            return true;
        }
        catch (SequenceExistsException)
        {
            // An attempt of the same call may have been carried out whose answer was lost.
            VersionedLedger? stored = await node.Ledgers.ReadAsync(record.Id, CancellationToken.None).ConfigureAwait(false);
            if (stored?.Record.Uid == record.Uid)
            {
                return true;
            }

            throw;
        }
    }

    public Task<AppendResult> CommitAsync(SequenceId id, Guid uid, Reservation reservation) => OnAsync(id, uid, async ledger =>
    {
        AppendResult committed = await ledger.CommitAsync(reservation, CancellationToken.None).ConfigureAwait(false);
        if (node.Cluster.Follows)
        {
            foreach ((OwnerId owner, FollowedShard shard) in FollowedShards.Of(ledger.Record, reservation.Rows))
            {
                _ = TellAsync(node.Cluster.ReplicaOf(owner), shard);
            }
        }

        return committed;
    });

    public Task<bool> DeleteAsync(SequenceId id, Guid uid) => OnAsync(id, uid, async ledger =>
    {
        IEnumerable<ShardEntry> held = await ledger.DeleteAsync(CancellationToken.None).ConfigureAwait(false);
        _open.Remove(id);
        await ReleaseAsync(held, uid).ConfigureAwait(false);
        return true;
    });

    public Task<SequenceSnapshot> TruncateAsync(SequenceId id, Guid uid, long length) => OnAsync(id, uid, async ledger =>
    {
        (SequenceSnapshot snapshot, IEnumerable<ShardEntry> dropped) = await ledger.TruncateAsync(length, (cut, source, count) => SeedAsync(id, cut, source, count), CancellationToken.None).ConfigureAwait(false);
        await ReleaseAsync(dropped, uid).ConfigureAwait(false);
        return snapshot;
    });

    public Task<bool> ForkAsync(SequenceId id, Guid uid, SequenceId name, Guid forkUid, long? length) => OnAsync(id, uid, async ledger =>
    {
        LedgerRecord fork = await ledger.ForkAsync(name, forkUid, length, (cut, source, count) => SeedAsync(id, cut, source, count), RetainAsync, CancellationToken.None).ConfigureAwait(false);
        if (node.Cluster.HomeOf(name) is not { } home)
        {
            throw new CallLostException("every silo");
        }

        try
        {
            return await node.Cluster.Network.CallAsync(node.Place, home.Place, $"adopt {name}", Delivery.Once, _ => home.Hosted.CreateAsync(fork), CancellationToken.None).ConfigureAwait(false);
        }
        catch (SequenceExistsException)
        {
            // Only what certainly was not stored is let go at once: the sweep finds the rest.
            await ReleaseAsync(fork.Shards, forkUid).ConfigureAwait(false);
            throw;
        }
    });

    private async Task<(Task<SequenceLedger> Opened, SequenceLedger Ledger)> OpenAsync(SequenceId id)
    {
        if (!_open.TryGetValue(id, out Task<SequenceLedger>? opened))
        {
            _open[id] = opened = ReadAsync(id);
        }

        try
        {
            return (opened, await opened.ConfigureAwait(false));
        }
        catch
        {
            Drop(id, opened);
            throw;
        }
    }

    private async Task<SequenceLedger> ReadAsync(SequenceId id)
    {
        VersionedLedger stored = await node.Ledgers.ReadAsync(id, CancellationToken.None).ConfigureAwait(false) ?? throw new SequenceNotFoundException(id);
        SequenceLedger ledger = await SequenceLedger.OpenAsync(stored, node.Ledgers, node.Cluster, World.Time, CancellationToken.None).ConfigureAwait(false);
        World.Note($"{node.Place} opens the ledger of {id}: epoch {ledger.Record.Epoch}, length {ledger.Record.Length}, fence {ledger.Record.Fence:x}");
        return ledger;
    }

    /// <summary>Nobody waits for a note, or repeats one that is lost.</summary>
    private async Task TellAsync(Node? replica, FollowedShard shard)
    {
        try
        {
            if (replica is not null)
            {
                await node.Cluster.Network.CallAsync(node.Place, replica.Place, $"follow {shard.Id}: {shard.Rows}", Delivery.MayRepeat, _ =>
                {
                    World.Counters.Add("followed");
                    replica.Follower.Follow([shard]);
                    return Task.FromResult(true);
                }, CancellationToken.None).ConfigureAwait(false);
            }
        }
        catch (Exception)
        {
            // See above.
        }
    }

    private void Drop(SequenceId id, Task<SequenceLedger> opened)
    {
        if (_open.GetValueOrDefault(id) == opened)
        {
            _open.Remove(id);
        }
    }

    private async ValueTask SeedAsync(SequenceId id, ShardEntry cut, ShardEntry source, int count)
    {
        if (!await node.Gateway.SeedAsync(cut.Owner, cut.Id, source.Id, count, CancellationToken.None).ConfigureAwait(false))
        {
            throw new ShardLostException(id, new PositionRange(0, count), $"their owner {source.Owner} does not hold them");
        }
    }

    private async ValueTask RetainAsync(IReadOnlyList<ShardEntry> shards, Guid holder)
    {
        foreach (ShardEntry shard in shards)
        {
            await node.Gateway.RetainAsync(shard.Owner, [shard.Id], holder, CancellationToken.None).ConfigureAwait(false);
        }
    }

    /// <summary>Lets shards go; where an owner cannot be told, this silo tells the store.</summary>
    private async Task ReleaseAsync(IEnumerable<ShardEntry> shards, Guid holder)
    {
        foreach (ShardEntry shard in shards)
        {
            try
            {
                if (node.Cluster.Find(shard.Owner) is null)
                {
                    await node.Registry.ReleaseAsync([shard.Id], holder, CancellationToken.None).ConfigureAwait(false);
                }
                else
                {
                    await node.Gateway.ReleaseAsync(shard.Owner, [shard.Id], holder, CancellationToken.None).ConfigureAwait(false);
                }
            }
            catch (DistAttentionException)
            {
                // Found by the store's own sweep.
            }
        }
    }
}
