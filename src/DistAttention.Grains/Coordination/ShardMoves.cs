using System.Collections.Concurrent;
using DistAttention.Engine.Execution;
using DistAttention.Engine.Shards;

namespace DistAttention.Grains;

/// <summary>
/// Has ledgers give the shards of a lost silo to whoever keeps their second copies. Queries are answered by those already and wait for none of
/// this; without it they would ask the lost one first for ever.
/// </summary>
internal sealed class ShardMoves
{
    private readonly ConcurrentDictionary<(Guid Sequence, OwnerId Lost), bool> _running = new();

    /// <summary>Begins, unless that is under way.</summary>
    /// <param name="ledger">The sequence's ledger.</param>
    /// <param name="tile">Names shards of the silo.</param>
    /// <param name="lost">The silo.</param>
    public void Begin(RemoteLedger ledger, TileRequest tile, OwnerId lost)
    {
        (Guid, OwnerId) key = (ledger.Handle.Uid, lost);
        if (_running.TryAdd(key, true))
        {
            _ = Task.Run(() => MoveAsync(ledger, [.. tile.Shards.Select(static s => s.Shard.Id)], lost))
                .ContinueWith(moved => _running.TryRemove(key, out _), TaskScheduler.Default);
        }
    }

    private static async Task MoveAsync(RemoteLedger ledger, ShardId[] shards, OwnerId lost)
    {
        try
        {
            await ledger.ReassignAsync(shards, lost, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e) when (e is DistAttentionException or OrleansException or TimeoutException)
        {
            // The next query begins it again.
        }
    }
}
