namespace DistAttention.Contracts.Tls;

/// <summary>A connection could not be made secure.</summary>
/// <param name="problem">Why, for whoever set the options.</param>
/// <param name="isLate">Whether the other side only took too long.</param>
/// <param name="inner">The cause.</param>
public sealed class TlsHandshakeException(string problem, bool isLate = false, Exception? inner = null) : IOException(problem, inner)
{
    /// <summary>Whether the other side only took too long: it may be busy.</summary>
    public bool IsLate { get; } = isLate;
}
