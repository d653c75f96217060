namespace DistAttention.Contracts.Tls;

/// <summary>A file of <see cref="TlsSettings"/> cannot be used.</summary>
/// <param name="option">The option that names it.</param>
/// <param name="problem">What is wrong; follows the option in the message.</param>
/// <param name="inner">The cause.</param>
internal sealed class TlsFileException(string option, string problem, Exception? inner = null)
    : IOException($"{TlsSettings.Section}:{option} {problem}", inner);
