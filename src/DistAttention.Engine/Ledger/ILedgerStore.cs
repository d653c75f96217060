namespace DistAttention.Engine.Ledger;

/// <summary>
/// Where ledgers outlive their owners. Every change is a compare-and-swap on a version, so that of two owners who both
/// believe to be the only one, one is refused.
/// </summary>
public interface ILedgerStore
{
    /// <summary>Reads the ledger of a name and its version; null if there is none.</summary>
    /// <param name="id">The name.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    ValueTask<VersionedLedger?> ReadAsync(SequenceId id, CancellationToken cancellationToken);

    /// <summary>
    /// Reads a ledger without owning it, for a reader that acts on what it reads: it is committed, durable, and the latest state at some
    /// moment of the call, whoever owns the ledger and whether or not that one lives.
    /// </summary>
    /// <param name="id">The name.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>Null if there is none.</returns>
    ValueTask<VersionedLedger?> ReadCommittedAsync(SequenceId id, CancellationToken cancellationToken) => ReadAsync(id, cancellationToken);

    /// <summary>
    /// Whether a version is still the latest one. An owner asks it for every read: another owner may have taken the ledger over without
    /// this one's knowing. Cheap, since almost always it is.
    /// </summary>
    /// <param name="id">The name.</param>
    /// <param name="version">The version, as <see cref="CompareAndSwapAsync"/> or <see cref="ReadAsync"/> gave it.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>False also while a newer version is being written.</returns>
    ValueTask<bool> IsCurrentAsync(SequenceId id, long version, CancellationToken cancellationToken);

    /// <summary>Writes a ledger if its version is still <paramref name="expectedVersion"/> (0: it must not exist).</summary>
    /// <param name="record">The new state.</param>
    /// <param name="expectedVersion">The version it replaces.</param>
    /// <param name="cancellationToken">Cancels the call; the write may then have happened or not.</param>
    /// <returns>The new version, or null if another writer was first.</returns>
    ValueTask<long?> CompareAndSwapAsync(LedgerRecord record, long expectedVersion, CancellationToken cancellationToken);

    /// <summary>Deletes a ledger if its version is still <paramref name="expectedVersion"/>.</summary>
    /// <param name="id">The name.</param>
    /// <param name="expectedVersion">The version it must have.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>Whether it was deleted.</returns>
    ValueTask<bool> DeleteAsync(SequenceId id, long expectedVersion, CancellationToken cancellationToken);

    /// <summary>All ledgers whose names start with <paramref name="prefix"/>, in ordinal order of their names.</summary>
    /// <param name="prefix">The prefix; empty for all.</param>
    /// <param name="cancellationToken">Cancels the listing.</param>
    IAsyncEnumerable<LedgerRecord> ListAsync(string prefix, CancellationToken cancellationToken);
}

/// <summary>A ledger as the store holds it.</summary>
/// <param name="Record">The state.</param>
/// <param name="Version">Its version, at least 1.</param>
public sealed record VersionedLedger(LedgerRecord Record, long Version);
