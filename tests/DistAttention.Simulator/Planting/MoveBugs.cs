using System.Collections.Immutable;
using DistAttention.Engine.Ledger;
using DistAttention.Engine.Shards;
using DistAttention.Simulator.Planting.Seams;
using DistAttention.Simulator.Worlds;

namespace DistAttention.Simulator.Planting;

/// <summary>A shard is moved in a state of the ledger that was read before: what was committed between is undone.</summary>
internal sealed class MovedInAnOlderState : PlantedBug
{
    public override ILedgerStore Ledgers(ILedgerStore store, World world) => new Seam(store);

    private sealed class Seam(ILedgerStore store) : LedgerStoreSeam(store)
    {
        private readonly Dictionary<SequenceId, (LedgerRecord Before, LedgerRecord Latest)> _seen = [];

        public override async ValueTask<long?> CompareAndSwapAsync(LedgerRecord record, long expectedVersion, CancellationToken cancellationToken)
        {
            if (_seen.TryGetValue(record.Id, out (LedgerRecord Before, LedgerRecord Latest) seen) && IsMove(seen.Latest, record) && seen.Before.Epoch == record.Epoch)
            {
                record = record with { Length = seen.Before.Length, Operations = seen.Before.Operations };
            }

            long? version = await Store.CompareAndSwapAsync(record, expectedVersion, cancellationToken).ConfigureAwait(false);
            if (version is not null)
            {
                _seen[record.Id] = (seen.Latest ?? record, record);
            }

            return version;
        }

        private static bool IsMove(LedgerRecord from, LedgerRecord to) =>
            from.Uid == to.Uid && from.Epoch == to.Epoch && from.Length == to.Length && !from.Shards.SequenceEqual(to.Shards) && Ids(from.Shards).SequenceEqual(Ids(to.Shards));

        private static IEnumerable<ShardId> Ids(ImmutableArray<ShardEntry> shards) => shards.Select(static s => s.Id);
    }
}
