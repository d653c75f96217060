using DistAttention.Engine.Ledger;

namespace DistAttention.Simulator.Planting.Seams;

/// <summary>Hands everything on; a bug overrides one thing.</summary>
internal abstract class LedgerStoreSeam(ILedgerStore store) : ILedgerStore
{
    protected ILedgerStore Store => store;

    public virtual ValueTask<VersionedLedger?> ReadAsync(SequenceId id, CancellationToken cancellationToken) => store.ReadAsync(id, cancellationToken);

    public virtual ValueTask<VersionedLedger?> ReadCommittedAsync(SequenceId id, CancellationToken cancellationToken) => store.ReadCommittedAsync(id, cancellationToken);

    public virtual ValueTask<bool> IsCurrentAsync(SequenceId id, long version, CancellationToken cancellationToken) => store.IsCurrentAsync(id, version, cancellationToken);

    public virtual ValueTask<long?> CompareAndSwapAsync(LedgerRecord record, long expectedVersion, CancellationToken cancellationToken) => store.CompareAndSwapAsync(record, expectedVersion, cancellationToken);

    public virtual ValueTask<bool> DeleteAsync(SequenceId id, long expectedVersion, CancellationToken cancellationToken) => store.DeleteAsync(id, expectedVersion, cancellationToken);

    public virtual IAsyncEnumerable<LedgerRecord> ListAsync(string prefix, CancellationToken cancellationToken) => store.ListAsync(prefix, cancellationToken);
}
