using DistAttention.Contracts;
using DistAttention.Engine.Ledger;
using DistAttention.Engine.Shards;
using DistAttention.Storage.Moving;
using Orleans.Runtime;

namespace DistAttention.Grains;

internal sealed partial class SequenceGrain
{
    private readonly SemaphoreSlim _moving = new(1, 1);
    private OwnerId? _movedTo;

    public async Task FoundAsync(Guid uid, ShardRef shard, string owner)
    {
        SequenceLedger ledger = await LedgerAsync(uid);
        ShardId id = EngineWire.ToId(shard);
        OwnerId found = new(owner);
        if (_links.IsDurable && ledger.OwnerOf(id) is { } holder && holder != found && _silos.Live().Contains(holder))
        {
            // Any silo can read it, so the ledger decides: the grain over there goes to the owner, and the next write with it.
            _ = SendAfterAsync(found, shard, holder);
            return;
        }

        await ledger.MoveAsync(id, found, CancellationToken.None);
    }

    public async Task<ShardMap> HandOverAsync(Guid uid, ShardRef[] shards, string from, string to)
    {
        (OwnerId source, OwnerId target) = (new(from), new(to));
        if (!_silos.Live().Contains(target) || _silos.IsLeaving(target))
        {
            throw new RebalanceRefusedException($"silo {target} does not stay");
        }

        if (!_links.IsDurable)
        {
            return await HandOverRowsAsync(uid, [.. shards.Select(EngineWire.ToId)], source, target);
        }

        return await OnLedgerAsync(uid, async ledger =>
        {
            ShardMap map = EngineWire.ToMap([.. await ledger.HandOverAsync([.. shards.Select(EngineWire.ToId)], source, target, CancellationToken.None)]);
            _replicas.Refresh(ledger.Record);
            return map;
        });
    }

    public async Task<bool> MoveLedgerAsync(Guid uid, string to)
    {
        OwnerId target = new(to);
        if (_links.IsDurable || target == _silos.Self || !_silos.Live().Contains(target))
        {
            return false;
        }

        await _opening.WaitAsync();
        try
        {
            if (_ledger is not { } ledger || ledger.Record.Uid != uid
                || !await ledger.LeaveAsync(async record => await _silos.Host(target).AdoptLedgerAsync(LedgerBytes.Of(record)), CancellationToken.None))
            {
                return false;
            }

            _movedTo = target;
            _ledger = null;
            _local.Remove(Id.Value, uid);
        }
        finally
        {
            _opening.Release();
        }

        Migration.To(target, MigrateOnIdle);
        return true;
    }

    /// <summary>One shard after the other, so that each is out of reach of appends only for as long as its own last rows take.</summary>
    private async Task<ShardMap> HandOverRowsAsync(Guid uid, ShardId[] shards, OwnerId from, OwnerId to)
    {
        List<ShardEntry> now = [];
        await _moving.WaitAsync();
        try
        {
            foreach (ShardId shard in shards)
            {
                if (await OnLedgerAsync(uid, ledger => HandOverRowsAsync(ledger, shard, from, to)) is { } owner)
                {
                    now.Add(new ShardEntry(shard, owner));
                }
            }
        }
        finally
        {
            _moving.Release();
        }

        return EngineWire.ToMap([.. now]);
    }

    private async Task<OwnerId?> HandOverRowsAsync(SequenceLedger ledger, ShardId shard, OwnerId from, OwnerId to)
    {
        LedgerRecord record = ledger.Record;
        if (ledger.OwnerOf(shard) is { } owner && owner != from)
        {
            return owner;
        }

        ShardRef name = EngineWire.ToRef(shard);
        IShardHostService source = _silos.Host(from);
        IShardHostService target = _silos.Host(to);
        if (shard.Sequence != record.Uid && await target.GetResidentBytesAsync([name]) > 0)
        {
            // Shared with the sequence that made it, with which it has moved already.
            return (await ledger.HandOverAsync([shard], from, to, CancellationToken.None)) is [var moved] ? moved.Owner : null;
        }

        int before = RowsOf(record, shard);
        Packed<SequenceSpec> spec = Packed.Of(record.Spec);
        bool adopted = false;
        try
        {
            if (!await target.PullAsync(name, spec, before, 0, from.Value))
            {
                return from;
            }

            return await ledger.HandOverRowsAsync(
                shard,
                from,
                to,
                async (rows, fence) =>
                {
                    Guid[]? holders = await source.GiveAwayAsync(name, rows, fence);
                    adopted = holders is not null
                        && await target.PullAsync(name, spec, rows, before / SequenceFormat.BlockLength, from.Value)
                        && await target.AdoptAsync(name, rows, fence, holders);
                    return adopted;
                },
                CancellationToken.None);
        }
        finally
        {
            if (!adopted)
            {
                await source.KeepAfterAllAsync(name);
                await target.RefuseAsync(name);
            }
        }
    }

    /// <summary>Whoever asks again finds the ledger where it is.</summary>
    private void ThrowIfMoved()
    {
        if (_movedTo is { } moved)
        {
            throw new SiloUnavailableException($"The ledger of {Id} has moved to silo {moved}.");
        }
    }

    /// <summary>This activation may have come about where the ledger is not: while that moved, or where its holder was too slow to say so.</summary>
    private async Task ThrowIfElsewhereAsync()
    {
        OwnerId[] others = [.. _silos.Live().Where(silo => silo != _silos.Self)];
        bool[] holds = await Task.WhenAll(others.Select(async silo =>
        {
            try
            {
                return await _silos.Host(silo).HoldsAsync(TypeName, Id.Value).WaitAsync(_links.Times.Probe, _links.Times.Time);
            }
            catch (Exception e) when (e is OrleansException or TimeoutException)
            {
                return false;
            }
        }));
        if (Array.IndexOf(holds, true) is >= 0 and var holder)
        {
            Migration.To(others[holder], MigrateOnIdle);
            throw new SiloUnavailableException($"The ledger of {Id} is on silo {others[holder]}.");
        }
    }

    private static int RowsOf(LedgerRecord record, ShardId shard) =>
        (int)Math.Clamp(record.Length - ((long)shard.Index * record.Spec.ShardLength), 0, record.Spec.ShardLength);

    /// <summary>Best effort: a silo that does not hear of it goes on taking writes, which are in the storage before they count.</summary>
    private async Task SendAfterAsync(OwnerId silo, ShardRef shard, OwnerId owner)
    {
        try
        {
            await _silos.Host(silo).SendAfterAsync([shard], owner.Value);
        }
        catch (Exception e) when (e is OrleansException or TimeoutException)
        {
            // See above.
        }
    }
}
