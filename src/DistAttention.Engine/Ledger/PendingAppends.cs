using System.Runtime.InteropServices;

namespace DistAttention.Engine.Ledger;

/// <summary>
/// The reservations of a ledger that are not committed yet, in the order of their positions. In memory only. With one that is thrown away go
/// those behind it, since their positions move. Used by one call at a time.
/// </summary>
/// <param name="time">The clock of time-outs.</param>
internal sealed class PendingAppends(TimeProvider time)
{
    private readonly List<PendingAppend> _inOrder = [];

    /// <summary>Where the next one starts.</summary>
    /// <param name="length">The committed length.</param>
    public long End(long length) => _inOrder.Count > 0 ? _inOrder[^1].Rows.End : length;

    /// <summary>The reservation of an append.</summary>
    public PendingAppend? Find(OperationId operationId) => _inOrder.Find(p => p.OperationId == operationId);

    /// <summary>The reservation that an appender was given, if it still stands.</summary>
    public PendingAppend? Find(Reservation given) =>
        _inOrder.Find(p => p.OperationId == given.OperationId && p.Rows == given.Rows && p.Fence <= given.Fence);

    /// <summary>Adds one at the end.</summary>
    public void Add(PendingAppend pending) => _inOrder.Add(pending);

    /// <summary>Lets an appender go on writing for a while.</summary>
    public void Renew(PendingAppend pending) => pending.Deadline = time.GetUtcNow() + SequenceLedger.ReservationTimeout;

    /// <summary>Those at the front that are written.</summary>
    public ReadOnlySpan<PendingAppend> Written()
    {
        int open = _inOrder.FindIndex(static p => !p.Written);
        return CollectionsMarshal.AsSpan(_inOrder)[..(open < 0 ? _inOrder.Count : open)];
    }

    /// <summary>Takes the first ones out: the length has moved over them.</summary>
    /// <param name="count">How many.</param>
    /// <param name="state">The sequence then.</param>
    public void Commit(int count, SequenceSnapshot state)
    {
        _inOrder[..count].ForEach(p => p.Commit(state));
        _inOrder.RemoveRange(0, count);
    }

    /// <summary>Throws all away.</summary>
    public void ThrowAway() => ThrowAwayFrom(0);

    /// <summary>Throws an append's away, and those behind it.</summary>
    /// <returns>Whether it has one.</returns>
    public bool ThrowAway(OperationId operationId) => ThrowAwayFrom(_inOrder.FindIndex(p => p.OperationId == operationId));

    /// <summary>Throws those away that were not written in time, and those behind them.</summary>
    /// <returns>Whether there were any.</returns>
    public bool ThrowAwayLate()
    {
        DateTimeOffset now = time.GetUtcNow();
        return ThrowAwayFrom(_inOrder.FindIndex(p => !p.Written && p.Deadline <= now));
    }

    private bool ThrowAwayFrom(int index)
    {
        if (index < 0)
        {
            return false;
        }

        _inOrder[index..].ForEach(static p => p.ThrowAway());
        _inOrder.RemoveRange(index, _inOrder.Count - index);
        return true;
    }
}
