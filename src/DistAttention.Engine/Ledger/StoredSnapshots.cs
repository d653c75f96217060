namespace DistAttention.Engine.Ledger;

/// <summary>
/// The latest state of a sequence, from its ledger or, where that is late or cannot be reached, from the store: what is committed is there before
/// it is acknowledged, so either answer is right, and a query does not wait for somebody to take the ledger over.
/// </summary>
/// <param name="store">Where the ledgers are.</param>
/// <param name="patience">How long the ledger is waited for alone.</param>
/// <param name="isUnreachable">Whether an error says no more than that the ledger could not be reached.</param>
/// <param name="time">The clock.</param>
public sealed class StoredSnapshots(ILedgerStore store, TimeSpan patience, Func<Exception, bool> isUnreachable, TimeProvider time)
{
    /// <summary>Asks the store too if need be; the first good answer counts.</summary>
    /// <param name="id">The sequence's name.</param>
    /// <param name="uid">The sequence.</param>
    /// <param name="asked">The ledger's answer, on its way.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="SequenceNotFoundException">There is no such sequence.</exception>
    public async Task<LedgerSnapshot> FirstAsync(SequenceId id, Guid uid, Task<LedgerSnapshot> asked, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(asked);
        if (!asked.IsCompleted)
        {
            using CancellationTokenSource noTimer = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            await Task.WhenAny(asked, Task.Delay(patience, time, noTimer.Token)).ConfigureAwait(false);
            await noTimer.CancelAsync().ConfigureAwait(false);
        }

        if (IsAnswer(asked))
        {
            return await asked.ConfigureAwait(false);
        }

        Task<LedgerSnapshot> stored = ReadAsync(id, uid, cancellationToken);
        if (await Task.WhenAny(asked, stored).ConfigureAwait(false) == asked && IsAnswer(asked))
        {
            Forget(stored);
            return await asked.ConfigureAwait(false);
        }

        Forget(asked);
        return await stored.ConfigureAwait(false);
    }

    private static void Forget(Task task) => _ = task.ContinueWith(static t => _ = t.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

    /// <summary>Whether the ledger itself has spoken.</summary>
    private bool IsAnswer(Task asked) => asked.IsCompleted && (asked.Exception?.InnerException is not { } error || !isUnreachable(error));

    private async Task<LedgerSnapshot> ReadAsync(SequenceId id, Guid uid, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        VersionedLedger? stored = await store.ReadCommittedAsync(id, cancellationToken).ConfigureAwait(false);
        return stored?.Record.Uid == uid && !stored.Record.IsExpired(time) ? LedgerSnapshot.Of(stored.Record) : throw new SequenceNotFoundException(id);
    }
}
