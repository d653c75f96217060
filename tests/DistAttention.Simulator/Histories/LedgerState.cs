using DistAttention.Engine.Ledger;

namespace DistAttention.Simulator.Histories;

/// <summary>One version of a ledger, as the store took it.</summary>
/// <param name="Record">The state; null once the sequence is deleted.</param>
/// <param name="Expected">The version it replaced, as its writer said; 0 for a new sequence.</param>
/// <param name="Version">Its version.</param>
/// <param name="From">When its writing began: it was not there before.</param>
internal sealed record LedgerState(LedgerRecord? Record, long Expected, long Version, long From)
{
    /// <summary>When its writing was known to be done: it was there then.</summary>
    public long Until { get; set; }

    /// <summary>The same state apart from its fence, which who opens a ledger changes.</summary>
    public bool Precedes(LedgerRecord? next)
    {
        if (Record is null || next is null)
        {
            return Record is null;
        }

        return next.Uid == Record.Uid
            && next.Epoch == Record.Epoch
            && next.Length == Record.Length
            && next.Operations.Total == Record.Operations.Total
            && next.Shards.SequenceEqual(Record.Shards)
            && Last(next) == Last(Record);
    }

    private static OperationId? Last(LedgerRecord record) =>
        record.Operations.AddedSince(Math.Max(0, record.Operations.Total - 1)) is [var (id, _)] ? id : null;
}
