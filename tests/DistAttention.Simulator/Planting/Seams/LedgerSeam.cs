using DistAttention.Engine.Ledger;
using DistAttention.Engine.Shards;

namespace DistAttention.Simulator.Planting.Seams;

/// <summary>Hands everything on; a bug overrides one thing.</summary>
internal abstract class LedgerSeam(ISequenceLedger ledger) : ISequenceLedger
{
    protected ISequenceLedger Ledger => ledger;

    public virtual ValueTask<LedgerSnapshot> GetSnapshotAsync(CancellationToken cancellationToken) => ledger.GetSnapshotAsync(cancellationToken);

    public virtual ValueTask<Reservation> ReserveAsync(OperationId operationId, long count, long? expectedPosition, CancellationToken cancellationToken) => ledger.ReserveAsync(operationId, count, expectedPosition, cancellationToken);

    public virtual ValueTask<AppendResult> CommitAsync(Reservation reservation, CancellationToken cancellationToken) => ledger.CommitAsync(reservation, cancellationToken);

    public virtual ValueTask<IReadOnlyList<ShardEntry>> ReassignAsync(IReadOnlyList<ShardId> shards, OwnerId unreachable, CancellationToken cancellationToken) => ledger.ReassignAsync(shards, unreachable, cancellationToken);

    public virtual ValueTask<bool> AbortAsync(OperationId operationId) => ledger.AbortAsync(operationId);
}
