namespace DistAttention.Contracts;

/// <summary>A silo did not answer, or lost the call; another attempt may succeed.</summary>
/// <param name="silo">The silo.</param>
/// <param name="problem">What was seen.</param>
/// <param name="inner">The cause, if there is one.</param>
public sealed class SiloUnreachableException(string silo, string problem, Exception? inner = null)
    : DistAttentionException($"Silo {silo} {problem}.", inner)
{
    internal const string LostCall = "has lost the call";

    /// <summary>The silo.</summary>
    public string Silo { get; } = silo;

    /// <summary>What was seen.</summary>
    public string Problem { get; } = problem;

    /// <summary>Whether the silo answers, but knows nothing of the call.</summary>
    public bool IsLostCall => Problem == LostCall;

    /// <summary>The silo answers, but knows nothing of the call.</summary>
    /// <param name="silo">The silo.</param>
    public static SiloUnreachableException OfLostCall(string silo) => new(silo, LostCall);

    /// <inheritdoc/>
    public override bool IsTransient => true;
}
