using DistAttention.Engine.Ledger;
using DistAttention.Engine.Shards;

namespace DistAttention.Storage.Verifying;

/// <summary>A folder, piece by piece.</summary>
internal sealed class ScrubbedFiles(FileShardStore shards, FileLedgerStore ledgers) : IScrubbed
{
    public bool KeepsUnheldShards => false;

    public IAsyncEnumerable<string> ListLedgersAsync(CancellationToken cancellationToken) => ledgers.ListFilesAsync(cancellationToken);

    public ValueTask<LedgerRecord?> ReadLedgerAsync(string ledger, CancellationToken cancellationToken) => ledgers.ReadFileAsync(ledger);

    public IAsyncEnumerable<ShardId> ListShardsAsync(CancellationToken cancellationToken) => shards.ListAsync(cancellationToken);

    public string PlaceOf(ShardId shard) => FileShardStore.PlaceOf(shard);

    public IAsyncEnumerable<ShardWrite> ReadShardAsync(ShardId shard, int requiredRows, Action<StorageDamagedException>? damaged, CancellationToken cancellationToken) =>
        shards.ReadAsync(shard, fromRow: 0, requiredRows, damaged, cancellationToken);

    public IAsyncEnumerable<(Guid Holder, DateTimeOffset Since)> ListHoldersAsync(ShardId shard, CancellationToken cancellationToken) =>
        shards.ListHoldersAsync(shard, cancellationToken);
}
