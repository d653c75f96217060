namespace DistAttention.Engine.Ledger;

/// <summary>A reservation that is not committed yet.</summary>
/// <param name="operationId">The append.</param>
/// <param name="rows">Its positions.</param>
/// <param name="fence">The fence it was made under.</param>
internal sealed class PendingAppend(OperationId operationId, PositionRange rows, long fence)
{
    private readonly TaskCompletionSource<AppendResult> _committed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The append.</summary>
    public OperationId OperationId { get; } = operationId;

    /// <summary>Its positions.</summary>
    public PositionRange Rows { get; } = rows;

    /// <summary>Since then nobody else was given these positions; what was written under an older fence may have been overwritten.</summary>
    public long Fence { get; } = fence;

    /// <summary>Whether its rows are where they belong.</summary>
    public bool Written { get; set; }

    /// <summary>When it is thrown away, unless it is written.</summary>
    public DateTimeOffset Deadline { get; set; }

    /// <summary>Completes when it is committed; fails when it is thrown away.</summary>
    public Task<AppendResult> Committed => _committed.Task;

    /// <summary>The length has moved over it.</summary>
    /// <param name="state">The sequence then.</param>
    public void Commit(SequenceSnapshot state) => _committed.TrySetResult(new AppendResult(Rows.Start, Rows.Length, state));

    /// <summary>Its positions go to others.</summary>
    public void ThrowAway()
    {
        _committed.TrySetException(new ReservationLostException(OperationId));

        // Nobody may be waiting: an appender that is still writing learns of it when it commits.
        _ = _committed.Task.Exception;
    }
}
