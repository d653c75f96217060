namespace DistAttention.Silo.Options;

/// <summary>How this process lives and ends. Section <c>Hosting</c>.</summary>
public sealed class HostingOptions
{
    /// <summary>The section of the configuration.</summary>
    public const string Section = "Hosting";

    /// <summary>
    /// How long a stop may take: calls that run are finished, then the silo leaves the cluster. What is not over then is dropped. Default 30 s.
    /// </summary>
    public TimeSpan ShutdownTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How log lines look. Default: text.</summary>
    public LogFormat LogFormat { get; set; } = LogFormat.Text;

    /// <summary>A file that the log is appended to instead of stdout.</summary>
    public string? LogFile { get; set; }

    /// <summary>
    /// Leave Ctrl-C and a closed terminal to whoever started this silo: only a request to terminate stops it. Default: false.
    /// </summary>
    public bool Detached { get; set; }

    /// <summary>A file that the owner of this silo keeps locked. When the owner ends, however it ends, the silo stops. Default: no owner.</summary>
    public string? OwnerLock { get; set; }
}

/// <summary>How log lines look.</summary>
public enum LogFormat
{
    /// <summary>One line of text each.</summary>
    Text,

    /// <summary>One JSON document each, for collectors.</summary>
    Json,
}
