using DistAttention.Engine.Shards;

namespace DistAttention.Engine.Execution;

/// <summary>An owner's answer does not stand for the positions it was asked for; it is thrown away and asked for again.</summary>
/// <param name="owner">The owner.</param>
/// <param name="asked">Positions asked for.</param>
/// <param name="counted">Positions answered for.</param>
public sealed class BadAnswerException(OwnerId owner, long asked, long counted)
    : DistAttentionException($"Owner {owner} was asked for {asked} positions and answered for {counted}.")
{
    /// <inheritdoc/>
    public override bool IsTransient => true;
}
