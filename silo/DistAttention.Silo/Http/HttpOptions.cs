using DistAttention.Http;

namespace DistAttention.Silo.Http;

/// <summary>The listener for callers of attention that speak HTTP: the API under <c>/v1</c>. Section <c>Http</c>. Where there are tokens, every request shows one.</summary>
public sealed class HttpOptions : AttentionHttpOptions
{
    /// <summary>The section of the configuration.</summary>
    public const string Section = "Http";

    /// <summary>The port of the HTTP API. Default: none, and nothing listens.</summary>
    public int? Port { get; set; }

    /// <summary>The IP address that the HTTP API listens on; 0.0.0.0 in a container. Default 127.0.0.1, so that nothing is open to the network unless asked for.</summary>
    public string Address { get; set; } = "127.0.0.1";

    /// <summary>Whether it speaks HTTPS, with the certificate of the section <c>Tls</c>; no certificate is asked of callers. Default: where <c>Tls</c> is on.</summary>
    public bool? Https { get; set; }

    /// <summary>Whether anything listens.</summary>
    public bool IsOn => Port is not null;
}
