using DistAttention.Engine.Ledger;
using DistAttention.Engine.Shards;

namespace DistAttention.Storage.Verifying;

/// <summary>A PostgreSQL database, piece by piece.</summary>
internal sealed class ScrubbedDatabase(PostgresShardStore shards, PostgresLedgerStore ledgers) : IScrubbed
{
    public bool KeepsUnheldShards => true;

    public IAsyncEnumerable<string> ListLedgersAsync(CancellationToken cancellationToken) => ledgers.ListNamesAsync("", cancellationToken);

    public async ValueTask<LedgerRecord?> ReadLedgerAsync(string ledger, CancellationToken cancellationToken) =>
        (await ledgers.ReadAsync(ledger, cancellationToken).ConfigureAwait(false))?.Record;

    public IAsyncEnumerable<ShardId> ListShardsAsync(CancellationToken cancellationToken) => shards.ListAsync(cancellationToken);

    public string PlaceOf(ShardId shard) => shards.PlaceOf(shard);

    public IAsyncEnumerable<ShardWrite> ReadShardAsync(ShardId shard, int requiredRows, Action<StorageDamagedException>? damaged, CancellationToken cancellationToken) =>
        shards.ReadAsync(shard, fromRow: 0, requiredRows, damaged, cancellationToken);

    public IAsyncEnumerable<(Guid Holder, DateTimeOffset Since)> ListHoldersAsync(ShardId shard, CancellationToken cancellationToken) =>
        shards.ListHoldersAsync(shard, cancellationToken);
}
