using DistAttention.Contracts;
using DistAttention.Engine.Ledger;

namespace DistAttention.Grains;

/// <summary>
/// The latest state of a sequence, from its ledger or, where that is late or its silo gone, from the store: what is committed is there before
/// it is acknowledged, so either answer is right, and a query does not wait for somebody to take the ledger over.
/// </summary>
/// <param name="store">Where the ledgers are.</param>
/// <param name="patience">How long the ledger is waited for alone.</param>
/// <param name="time">The clock.</param>
internal sealed class StoredSnapshots(ILedgerStore store, TimeSpan patience, TimeProvider time)
{
    /// <summary>Asks both if need be; the first good answer counts.</summary>
    /// <param name="handle">The sequence.</param>
    /// <param name="asked">The ledger's answer, on its way.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="SequenceNotFoundException">There is no such sequence.</exception>
    public async Task<LedgerSnapshot> FirstAsync(SequenceHandle handle, Task<LedgerView> asked, CancellationToken cancellationToken)
    {
        if (!asked.IsCompleted)
        {
            using CancellationTokenSource noTimer = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            await Task.WhenAny(asked, Task.Delay(patience, time, noTimer.Token)).ConfigureAwait(false);
            await noTimer.CancelAsync().ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
        }

        if (IsAnswer(asked))
        {
            return EngineWire.ToSnapshot(await asked.ConfigureAwait(false));
        }

        Task<LedgerSnapshot> stored = ReadAsync(handle, cancellationToken);
        if (await Task.WhenAny(asked, stored).ConfigureAwait(false) == asked && IsAnswer(asked))
        {
            Forget(stored);
            return EngineWire.ToSnapshot(await asked.ConfigureAwait(false));
        }

        Forget(asked);
        return await stored.ConfigureAwait(false);
    }

    /// <summary>Whether the ledger itself has spoken: anything but the transport saying that it could not be reached.</summary>
    private static bool IsAnswer(Task asked) =>
        asked.IsCompleted && asked.Exception?.InnerException is not (OrleansException or TimeoutException);

    private static void Forget(Task task) => _ = task.ContinueWith(static t => _ = t.Exception, TaskScheduler.Default);

    private async Task<LedgerSnapshot> ReadAsync(SequenceHandle handle, CancellationToken cancellationToken)
    {
        SequenceId id = new(handle.Name);
        VersionedLedger? stored = await store.ReadCommittedAsync(id, cancellationToken).ConfigureAwait(false);
        return stored?.Record.Uid == handle.Uid
            ? LedgerSnapshot.Of(stored.Record)
            : throw new SequenceNotFoundException(id);
    }
}
