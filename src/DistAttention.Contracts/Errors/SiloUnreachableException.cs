namespace DistAttention.Contracts;

/// <summary>A silo did not answer, or lost the call; another attempt may succeed.</summary>
/// <param name="silo">The silo.</param>
/// <param name="problem">What was seen.</param>
/// <param name="inner">The cause, if there is one.</param>
public sealed class SiloUnreachableException(string silo, string problem, Exception? inner = null)
    : DistAttentionException($"Silo {silo} {problem}.", inner)
{
    /// <summary>The silo.</summary>
    public string Silo { get; } = silo;

    /// <summary>What was seen.</summary>
    public string Problem { get; } = problem;

    /// <inheritdoc/>
    public override bool IsTransient => true;
}
