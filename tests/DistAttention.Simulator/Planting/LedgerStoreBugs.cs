using DistAttention.Engine.Ledger;
using DistAttention.Simulator.Planting.Seams;
using DistAttention.Simulator.Worlds;

namespace DistAttention.Simulator.Planting;

/// <summary>The store takes a ledger whatever version it replaces: two owners write over each other.</summary>
internal sealed class NoFencing : PlantedBug
{
    public override ILedgerStore Ledgers(ILedgerStore store, World world) => new Seam(store);

    private sealed class Seam(ILedgerStore store) : LedgerStoreSeam(store)
    {
        public override async ValueTask<long?> CompareAndSwapAsync(LedgerRecord record, long expectedVersion, CancellationToken cancellationToken)
        {
            long current = (await Store.ReadAsync(record.Id, cancellationToken).ConfigureAwait(false))?.Version ?? 0;
            return await Store.CompareAndSwapAsync(record, expectedVersion == 0 ? 0 : current, cancellationToken).ConfigureAwait(false);
        }
    }
}

/// <summary>An owner answers reads without asking whether it still is the owner.</summary>
internal sealed class StaleReads : PlantedBug
{
    public override ILedgerStore Ledgers(ILedgerStore store, World world) => new Seam(store);

    private sealed class Seam(ILedgerStore store) : LedgerStoreSeam(store)
    {
        public override ValueTask<bool> IsCurrentAsync(SequenceId id, long version, CancellationToken cancellationToken) => new(true);
    }
}

/// <summary>Who takes a ledger over forgets which appends were completed.</summary>
internal sealed class ForgottenAppends : PlantedBug
{
    public override ILedgerStore Ledgers(ILedgerStore store, World world) => new Seam(store);

    private sealed class Seam(ILedgerStore store) : LedgerStoreSeam(store)
    {
        public override async ValueTask<VersionedLedger?> ReadAsync(SequenceId id, CancellationToken cancellationToken) =>
            await Store.ReadAsync(id, cancellationToken).ConfigureAwait(false) is { } stored
                ? stored with { Record = stored.Record with { Operations = OperationWindow.StartingAt(stored.Record.Operations.Total) } }
                : null;
    }
}

/// <summary>A write whose outcome is unknown is taken for a success.</summary>
internal sealed class FailureTakenForSuccess : PlantedBug
{
    public override ILedgerStore Ledgers(ILedgerStore store, World world) => new Seam(store);

    private sealed class Seam(ILedgerStore store) : LedgerStoreSeam(store)
    {
        public override async ValueTask<long?> CompareAndSwapAsync(LedgerRecord record, long expectedVersion, CancellationToken cancellationToken)
        {
            try
            {
                return await Store.CompareAndSwapAsync(record, expectedVersion, cancellationToken).ConfigureAwait(false);
            }
            catch (StorageException)
            {
                return expectedVersion + 1;
            }
        }
    }
}

/// <summary>A truncation keeps the epoch: queries of before and after cannot be told apart.</summary>
internal sealed class EpochNotRaised : PlantedBug
{
    public override ILedgerStore Ledgers(ILedgerStore store, World world) => new Seam(store);

    private sealed class Seam(ILedgerStore store) : LedgerStoreSeam(store)
    {
        public override ValueTask<long?> CompareAndSwapAsync(LedgerRecord record, long expectedVersion, CancellationToken cancellationToken) =>
            Store.CompareAndSwapAsync(record with { Epoch = 0 }, expectedVersion, cancellationToken);
    }
}
