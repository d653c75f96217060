using DistAttention.Engine.Ledger;
using DistAttention.Simulator.Worlds;

namespace DistAttention.Simulator.Histories;

/// <summary>Hands everything on to a store, and tells the history what it took.</summary>
internal sealed class WatchedLedgerStore(ILedgerStore store, History history, World world) : ILedgerStore
{
    public ValueTask<VersionedLedger?> ReadAsync(SequenceId id, CancellationToken cancellationToken) => store.ReadAsync(id, cancellationToken);

    public ValueTask<VersionedLedger?> ReadCommittedAsync(SequenceId id, CancellationToken cancellationToken) => store.ReadCommittedAsync(id, cancellationToken);

    public ValueTask<bool> IsCurrentAsync(SequenceId id, long version, CancellationToken cancellationToken) => store.IsCurrentAsync(id, version, cancellationToken);

    public async ValueTask<long?> CompareAndSwapAsync(LedgerRecord record, long expectedVersion, CancellationToken cancellationToken)
    {
        LedgerHistory ledger = history.Of(record.Id);
        LedgerState attempt = new(record, expectedVersion, expectedVersion > 0 ? expectedVersion + 1 : 0, world.Now);
        ledger.Begin(attempt);
        long? version = await store.CompareAndSwapAsync(record, expectedVersion, cancellationToken).ConfigureAwait(false);
        if (version is not { } taken)
        {
            ledger.Refuse(attempt);
            return null;
        }

        world.Counters.Add("ledger states");
        world.Note($"ledger {record.Id} v{taken}: epoch {record.Epoch}, length {record.Length}, fence {record.Fence:x}, {record.Operations.Total} appends");
        ledger.Add(attempt, taken);
        return taken;
    }

    public async ValueTask<bool> DeleteAsync(SequenceId id, long expectedVersion, CancellationToken cancellationToken)
    {
        LedgerHistory ledger = history.Of(id);
        LedgerState attempt = new(null, expectedVersion, expectedVersion + 1, world.Now);
        ledger.Begin(attempt);
        if (!await store.DeleteAsync(id, expectedVersion, cancellationToken).ConfigureAwait(false))
        {
            ledger.Refuse(attempt);
            return false;
        }

        world.Note($"ledger {id} v{attempt.Version}: deleted");
        ledger.Add(attempt, attempt.Version);
        return true;
    }

    public IAsyncEnumerable<LedgerRecord> ListAsync(string prefix, CancellationToken cancellationToken) => store.ListAsync(prefix, cancellationToken);
}
