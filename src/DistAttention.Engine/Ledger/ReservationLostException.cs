namespace DistAttention.Engine.Ledger;

/// <summary>A reservation was thrown away before it was committed; the appender reserves again, with the same operation id.</summary>
/// <param name="operationId">The append.</param>
public sealed class ReservationLostException(OperationId operationId)
    : DistAttentionException($"The reservation of append {operationId} was thrown away: an earlier append failed, or the sequence was truncated.")
{
    /// <inheritdoc/>
    public override bool IsTransient => true;
}
