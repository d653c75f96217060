using DistAttention.Engine.Shards;

namespace DistAttention.Engine.Ledger;

/// <summary>The single writer of a sequence's (epoch, length), as appenders and queries see it.</summary>
public interface ISequenceLedger
{
    /// <summary>The latest committed state.</summary>
    /// <param name="cancellationToken">Cancels the call.</param>
    ValueTask<LedgerSnapshot> GetSnapshotAsync(CancellationToken cancellationToken);

    /// <summary>Reserves room for an append, or renews or recalls what it got before.</summary>
    /// <param name="operationId">The append.</param>
    /// <param name="count">Rows.</param>
    /// <param name="expectedPosition">Where the first row must land; null for wherever the sequence ends.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="AppendConflictException">It would land elsewhere, or the id was used for another number of rows.</exception>
    ValueTask<Reservation> ReserveAsync(OperationId operationId, long count, long? expectedPosition, CancellationToken cancellationToken);

    /// <summary>Says that all rows of a reservation are written. Completes when the length has moved over them.</summary>
    /// <param name="reservation">The reservation.</param>
    /// <param name="cancellationToken">Cancels the waiting; the rows may then be committed or not.</param>
    /// <exception cref="ReservationLostException">It was thrown away meanwhile.</exception>
    ValueTask<AppendResult> CommitAsync(Reservation reservation, CancellationToken cancellationToken);

    /// <summary>Gives shards whose owner does not answer to other owners, who read them back from the store. What others have moved meanwhile stays there.</summary>
    /// <param name="shards">The shards.</param>
    /// <param name="unreachable">The owner that does not answer.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>Where they are now, in the order given, without those that are no longer part of the sequence. One still with that owner could not be moved.</returns>
    ValueTask<IReadOnlyList<ShardEntry>> ReassignAsync(IReadOnlyList<ShardId> shards, OwnerId unreachable, CancellationToken cancellationToken);

    /// <summary>Gives a reservation up. Later ones are thrown away with it, since their positions move.</summary>
    /// <param name="operationId">The append.</param>
    /// <returns>Whether there was one to give up: not if the append was committed, or its reservation thrown away before.</returns>
    ValueTask<bool> AbortAsync(OperationId operationId);
}
