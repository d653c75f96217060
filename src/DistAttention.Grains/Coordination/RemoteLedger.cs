using DistAttention.Contracts;
using DistAttention.Engine.Ledger;
using DistAttention.Engine.Shards;

namespace DistAttention.Grains;

/// <summary>A sequence's ledger, wherever its grain is.</summary>
/// <param name="grain">Its grain.</param>
/// <param name="handle">The sequence.</param>
/// <param name="time">The clock of repeated calls.</param>
/// <param name="stored">Where its state is read when the grain is late; null for nowhere.</param>
internal sealed class RemoteLedger(ISequenceGrain grain, SequenceHandle handle, TimeProvider time, StoredSnapshots? stored) : ISequenceLedger
{
    public ISequenceGrain Grain => grain;

    public SequenceHandle Handle => handle;

    public async ValueTask<LedgerSnapshot> GetSnapshotAsync(CancellationToken cancellationToken)
    {
        Task<LedgerSnapshot> asked = AskAsync(cancellationToken);
        return await (stored?.FirstAsync(new SequenceId(handle.Name), handle.Uid, asked, cancellationToken) ?? asked).ConfigureAwait(false);
    }

    public async ValueTask<Reservation> ReserveAsync(OperationId operationId, long count, long? expectedPosition, CancellationToken cancellationToken) =>
        EngineWire.ToReservation(await RepeatedAsync(() => grain.ReserveAsync(handle.Uid, operationId, count, expectedPosition, cancellationToken), cancellationToken).ConfigureAwait(false));

    public async ValueTask<AppendResult> CommitAsync(Reservation reservation, CancellationToken cancellationToken)
    {
        if (reservation.Completed is { } completed)
        {
            return completed;
        }

        try
        {
            return await RepeatedAsync(() => grain.CommitAsync(handle.Uid, reservation.OperationId, reservation.Rows, reservation.Fence, cancellationToken), cancellationToken).ConfigureAwait(false);
        }
        catch (ReservationGoneException gone)
        {
            throw new ReservationLostException(gone.Operation);
        }
    }

    public async ValueTask<IReadOnlyList<ShardEntry>> ReassignAsync(IReadOnlyList<ShardId> shards, OwnerId unreachable, CancellationToken cancellationToken) =>
        [.. EngineWire.ToEntries(await RepeatedAsync(() => grain.ReassignAsync(handle.Uid, [.. shards.Select(EngineWire.ToRef)], unreachable.Value, cancellationToken), cancellationToken).ConfigureAwait(false))];

    /// <summary>Says where a shard was found.</summary>
    public Task FoundAsync(ShardRef shard, string silo, CancellationToken cancellationToken) => RepeatedAsync(
        async () =>
        {
            await grain.FoundAsync(handle.Uid, shard, silo).ConfigureAwait(false);
            return true;
        },
        cancellationToken);

    private Task<T> RepeatedAsync<T>(Func<Task<T>> call, CancellationToken cancellationToken) => RepeatedCall.RunAsync(call, time, cancellationToken);

    private async Task<LedgerSnapshot> AskAsync(CancellationToken cancellationToken) =>
        EngineWire.ToSnapshot(await grain.GetSnapshotAsync(handle.Uid, cancellationToken).ConfigureAwait(false));

    public async ValueTask<bool> AbortAsync(OperationId operationId) => await RepeatedAsync(() => grain.AbortAsync(handle.Uid, operationId), CancellationToken.None).ConfigureAwait(false);
}
