namespace DistAttention.Engine.Ledger;

/// <summary>Another owner of the same ledger has written to the store; this one steps down and is opened anew.</summary>
/// <param name="id">The sequence.</param>
public sealed class LedgerFencedException(SequenceId id)
    : DistAttentionException($"The ledger of sequence '{id}' was changed by another owner.")
{
    /// <inheritdoc/>
    public override bool IsTransient => true;
}
