using DistAttention.Engine.Ledger;
using DistAttention.Engine.Shards;

namespace DistAttention.Storage.Verifying;

/// <summary>What of a storage can be checked, piece by piece, so that damage in one hides nothing in the others.</summary>
internal interface IScrubbed
{
    /// <summary>Names of all ledgers, as <see cref="ReadLedgerAsync"/> takes them.</summary>
    IAsyncEnumerable<string> ListLedgersAsync(CancellationToken cancellationToken);

    /// <summary>Reads one; null if its sequence is deleted.</summary>
    ValueTask<LedgerRecord?> ReadLedgerAsync(string ledger, CancellationToken cancellationToken);

    /// <summary>Every shard there is anything of.</summary>
    IAsyncEnumerable<ShardId> ListShardsAsync(CancellationToken cancellationToken);

    /// <summary>How messages call a shard.</summary>
    string PlaceOf(ShardId shard);

    /// <summary>Reads a shard, telling of damage and going on behind it; with nobody to tell, damage is thrown.</summary>
    IAsyncEnumerable<ShardWrite> ReadShardAsync(ShardId shard, int requiredRows, Action<StorageDamagedException>? damaged, CancellationToken cancellationToken);

    /// <summary>The sequences that hold a shard, and since when.</summary>
    IAsyncEnumerable<(Guid Holder, DateTimeOffset Since)> ListHoldersAsync(ShardId shard, CancellationToken cancellationToken);

    /// <summary>Whether a shard that nobody holds may be there for the sake of others that start with its rows.</summary>
    bool KeepsUnheldShards { get; }
}
