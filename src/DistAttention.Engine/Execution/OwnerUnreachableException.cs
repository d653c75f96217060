using DistAttention.Engine.Shards;

namespace DistAttention.Engine.Execution;

/// <summary>
/// An owner does not answer. What it holds may be read back from the store by another owner: the engine asks the ledger for one, and only
/// where there is none does it go on asking this one.
/// </summary>
/// <param name="owner">The owner.</param>
/// <param name="problem">What is known of it: "does not answer".</param>
/// <param name="inner">The cause.</param>
public sealed class OwnerUnreachableException(OwnerId owner, string problem, Exception? inner = null)
    : DistAttentionException($"Owner {owner} {problem}.", inner)
{
    /// <summary>The owner.</summary>
    public OwnerId Owner { get; } = owner;

    /// <inheritdoc/>
    public override bool IsTransient => true;
}
