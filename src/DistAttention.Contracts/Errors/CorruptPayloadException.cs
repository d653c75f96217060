namespace DistAttention.Contracts;

/// <summary>Bytes that came over the wire are not what was sent, or were never valid.</summary>
/// <param name="problem">What is wrong with them.</param>
public sealed class CorruptPayloadException(string problem) : DistAttentionException($"A payload is corrupt: {problem}.")
{
    /// <summary>What is wrong with them.</summary>
    public string Problem { get; } = problem;

    /// <inheritdoc/>
    public override bool IsTransient => true;
}
