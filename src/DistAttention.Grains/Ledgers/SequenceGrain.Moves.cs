using DistAttention.Contracts;
using DistAttention.Engine.Ledger;
using DistAttention.Engine.Shards;
using Orleans.Runtime;

namespace DistAttention.Grains;

internal sealed partial class SequenceGrain
{
    public async Task FoundAsync(Guid uid, ShardRef shard, string owner)
    {
        SequenceLedger ledger = await LedgerAsync(uid);
        ShardId id = EngineWire.ToId(shard);
        OwnerId found = new(owner);
        if (_links.IsDurable && ledger.OwnerOf(id) is { } holder && holder != found && _silos.Live().Contains(holder))
        {
            // Any silo can read it, so the ledger decides: the grain over there ends, and the next write goes to the owner.
            _ = LetGoAsync(found, shard);
            return;
        }

        await ledger.MoveAsync(id, found, CancellationToken.None);
    }

    public Task<ShardMap> HandOverAsync(Guid uid, ShardRef[] shards, string from, string to) => OnLedgerAsync(uid, async ledger =>
    {
        OwnerId target = new(to);
        if (!_silos.Live().Contains(target) || _silos.IsLeaving(target))
        {
            throw new RebalanceRefusedException($"silo {target} does not stay");
        }

        if (!_links.IsDurable)
        {
            throw new RebalanceRefusedException("the silos keep sequences in memory only, and what one holds no other can read");
        }

        ShardMap map = EngineWire.ToMap([.. await ledger.HandOverAsync([.. shards.Select(EngineWire.ToId)], new OwnerId(from), target, CancellationToken.None)]);
        _replicas.Refresh(ledger.Record);
        return map;
    });

    /// <summary>Best effort: a silo that does not hear of it goes on taking writes, which are in the storage before they count.</summary>
    private async Task LetGoAsync(OwnerId silo, ShardRef shard)
    {
        try
        {
            await _silos.Host(silo).LetGoAsync([shard], evict: false);
        }
        catch (Exception e) when (e is OrleansException or TimeoutException)
        {
            // See above.
        }
    }
}
