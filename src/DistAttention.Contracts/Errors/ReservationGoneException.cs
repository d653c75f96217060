namespace DistAttention.Contracts;

/// <summary>An append's reservation no longer stands; whoever appends reserves again, with the same operation id.</summary>
/// <param name="operation">The append.</param>
public sealed class ReservationGoneException(OperationId operation)
    : DistAttentionException($"The reservation of append {operation} no longer stands.")
{
    /// <summary>The append.</summary>
    public OperationId Operation { get; } = operation;

    /// <inheritdoc/>
    public override bool IsTransient => true;
}
