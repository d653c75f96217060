using DistAttention.Contracts;
using DistAttention.Engine.Ledger;
using DistAttention.Engine.Shards;
using DistAttention.Storage.Moving;

namespace DistAttention.Grains;

/// <summary>What moves from memory to memory, where it is nowhere else.</summary>
internal sealed partial class ShardHostService
{
    public Task<byte[]?> CopyBlocksAsync(ShardRef shard, int rows, int firstBlock) =>
        Task.Run(() => _shards.Registry.CopyBlocks(EngineWire.ToId(shard), rows, firstBlock, CallLimits.MessageBytes));

    public Task<bool> PullAsync(ShardRef shard, Packed<SequenceSpec> spec, int rows, int firstBlock, string from) => Task.Run(async () =>
    {
        IShardHostService source = _silos.Host(new OwnerId(from));
        ShardId id = EngineWire.ToId(shard);
        for (int next = firstBlock; ;)
        {
            byte[]? blocks = await source.CopyBlocksAsync(shard, rows, next);
            if (blocks is not { Length: > 0 })
            {
                return blocks is not null;
            }

            next = _shards.Registry.Receive(id, spec.Value, next, blocks);
            _traffic.Add(blocks.Length);
        }
    });

    public Task<Guid[]?> GiveAwayAsync(ShardRef shard, int rows, long fence)
    {
        ShardId id = EngineWire.ToId(shard);
        return Task.FromResult<Guid[]?>(
            _shards.Registry.Store is ResidentShardStore store && _shards.Registry.GiveAway(id, rows, fence) ? [.. store.HoldersOf(id)] : null);
    }

    public Task KeepAfterAllAsync(ShardRef shard)
    {
        _shards.Registry.KeepAfterAll(EngineWire.ToId(shard));
        return Task.CompletedTask;
    }

    public async Task<bool> AdoptAsync(ShardRef shard, int rows, long fence, Guid[] holders)
    {
        ShardId id = EngineWire.ToId(shard);
        foreach (Guid holder in holders)
        {
            await _shards.Registry.RetainAsync([id], holder, CancellationToken.None);
        }

        return _shards.Registry.Adopt(id, rows, fence);
    }

    public Task RefuseAsync(ShardRef shard)
    {
        _shards.Registry.Refuse(EngineWire.ToId(shard));
        return Task.CompletedTask;
    }

    public async Task<bool> AdoptLedgerAsync(byte[] ledger)
    {
        LedgerRecord record = LedgerBytes.Read(ledger);
        if (await _ledgers.CompareAndSwapAsync(record, 0, CancellationToken.None) is null)
        {
            return false;
        }

        _sequences.Add(record.Id.Value, record.Uid);
        return true;
    }
}
