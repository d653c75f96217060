namespace DistAttention.Contracts.Tls;

/// <summary>A connection could not be made secure.</summary>
/// <param name="problem">Why, for whoever set the options.</param>
/// <param name="inner">The cause.</param>
public sealed class TlsHandshakeException(string problem, Exception? inner = null) : IOException(problem, inner);
