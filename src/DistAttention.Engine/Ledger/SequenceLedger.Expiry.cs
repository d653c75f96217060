using System.Collections.Immutable;
using DistAttention.Engine.Shards;

namespace DistAttention.Engine.Ledger;

/// <summary>The time to live of the ledger's sequence.</summary>
public sealed partial class SequenceLedger
{
    /// <summary>Deletes the sequence if it is past its time to live.</summary>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The shards it held; null if it lives, or is gone already.</returns>
    public async ValueTask<ImmutableArray<ShardEntry>?> ExpireAsync(CancellationToken cancellationToken)
    {
        using (await TakeTurnAsync(cancellationToken).ConfigureAwait(false))
        {
            await BeSureAsync(cancellationToken).ConfigureAwait(false);
            return !_stored.IsDeleted && Record.IsExpired(_time) ? await DeleteInTurnAsync(cancellationToken).ConfigureAwait(false) : null;
        }
    }

    /// <summary>Notes that a query uses the sequence.</summary>
    private async ValueTask<LedgerSnapshot> UseAsync(CancellationToken cancellationToken)
    {
        using (await EnterAsync(cancellationToken).ConfigureAwait(false))
        {
            await NoteUseInTurnAsync().ConfigureAwait(false);
        }

        return await GetLatestAsync(cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask NoteUseInTurnAsync()
    {
        if (IsUseWorthNoting)
        {
            await StoreAsync(Used(Record)).ConfigureAwait(false);
        }
    }

    private bool IsUseWorthNoting => Record is var record && Lifetime.Of(record.Spec) is { } lifetime && lifetime.IsWorthNoting(record.UsedAt, _time.GetUtcNow());

    /// <summary>A state whose making is a use.</summary>
    private LedgerRecord Used(LedgerRecord record) => UsedAt(record, _time);

    private static LedgerRecord UsedAt(LedgerRecord record, TimeProvider time) => record.Spec.TimeToLive is null ? record : record with { UsedAt = time.GetUtcNow() };
}
