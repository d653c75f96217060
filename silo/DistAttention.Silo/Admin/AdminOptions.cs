namespace DistAttention.Silo.Admin;

/// <summary>
/// The listener for those who run the silo: health, metrics, dashboard. Section <c>Admin</c>. Not for callers of attention, and not for the public.
/// </summary>
public sealed class AdminOptions
{
    /// <summary>The section of the configuration.</summary>
    public const string Section = "Admin";

    /// <summary>The fewest characters of a token.</summary>
    public const int MinTokenLength = 16;

    /// <summary>The port of health, metrics and dashboard. Default: none, and nothing listens.</summary>
    public int? Port { get; set; }

    /// <summary>The IP address that the admin port listens on; 0.0.0.0 in a container. Default 127.0.0.1, so that nothing is open to the network unless asked for.</summary>
    public string Address { get; set; } = "127.0.0.1";

    /// <summary>Whether it speaks HTTPS, with the certificate of the section <c>Tls</c>; no certificate is asked of browsers and probes. Default: where <c>Tls</c> is on.</summary>
    public bool? Https { get; set; }

    /// <summary>
    /// A secret that opens the dashboard, at least 16 characters. Default: none, and the dashboard stays closed. Tokens of the section
    /// <c>Access</c> do not open it: it shows the sequences of all tenants.
    /// </summary>
    public string? Token { get; set; }

    /// <summary>A file that holds the dashboard's secret instead, as its first line; read again when it changes. Default: none.</summary>
    public string? TokenFile { get; set; }

    /// <summary>Whether <c>/metrics</c> needs the token too, as <c>Authorization: Bearer</c>. It names no sequence and no tenant. Default: false.</summary>
    public bool MetricsNeedToken { get; set; }

    /// <summary>Where Orleans' own dashboard is, for a link, where its package was added to the silo. Default: none, and no link.</summary>
    public string? OrleansDashboardUrl { get; set; }

    /// <summary>Whether anything listens.</summary>
    public bool IsOn => Port is not null;
}
