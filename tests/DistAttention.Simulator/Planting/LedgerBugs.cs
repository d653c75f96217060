using DistAttention.Engine.Ledger;
using DistAttention.Simulator.Networks;
using DistAttention.Simulator.Planting.Seams;
using DistAttention.Simulator.Worlds;

namespace DistAttention.Simulator.Planting;

/// <summary>A coordinator answers from a state that it saw a moment ago.</summary>
internal sealed class CachedSnapshot : PlantedBug
{
    private readonly Dictionary<SequenceId, (LedgerSnapshot Snapshot, long Until)> _cache = [];

    public override ISequenceLedger Ledger(ISequenceLedger ledger, World world) => new Seam(ledger, _cache, world);

    private sealed class Seam(ISequenceLedger ledger, Dictionary<SequenceId, (LedgerSnapshot Snapshot, long Until)> cache, World world) : LedgerSeam(ledger)
    {
        public override async ValueTask<LedgerSnapshot> GetSnapshotAsync(CancellationToken cancellationToken)
        {
            LedgerSnapshot now = await Ledger.GetSnapshotAsync(cancellationToken).ConfigureAwait(false);
            if (cache.TryGetValue(now.Id, out (LedgerSnapshot Snapshot, long Until) known) && known.Until > world.Now && known.Snapshot.State.Epoch == now.State.Epoch)
            {
                return known.Snapshot;
            }

            cache[now.Id] = (now, world.Now + TimeSpan.FromMilliseconds(50).Ticks);
            return now;
        }
    }
}

/// <summary>A commit that is not answered is taken for done.</summary>
internal sealed class LostCommitTakenForDone : PlantedBug
{
    public override ISequenceLedger Ledger(ISequenceLedger ledger, World world) => new Seam(ledger);

    private sealed class Seam(ISequenceLedger ledger) : LedgerSeam(ledger)
    {
        public override async ValueTask<AppendResult> CommitAsync(Reservation reservation, CancellationToken cancellationToken)
        {
            try
            {
                return await Ledger.CommitAsync(reservation, cancellationToken).ConfigureAwait(false);
            }
            catch (CallLostException)
            {
                return new AppendResult(reservation.Rows.Start, reservation.Rows.Length, new SequenceSnapshot(0, reservation.Rows.End));
            }
        }
    }
}

/// <summary>A retry goes by another identifier than the attempt before.</summary>
internal sealed class NewIdentifierPerAttempt : PlantedBug
{
    public override OperationId Attempt(OperationId operation, int attempt, World world) => attempt == 0 ? operation : new OperationId(world.NewId());
}
