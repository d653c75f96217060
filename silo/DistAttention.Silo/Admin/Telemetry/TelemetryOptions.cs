namespace DistAttention.Silo.Admin.Telemetry;

/// <summary>Where metrics and traces are sent. Section <c>Telemetry</c>. Off while no endpoint is named.</summary>
public sealed class TelemetryOptions
{
    /// <summary>The section of the configuration.</summary>
    public const string Section = "Telemetry";

    /// <summary>Where an OpenTelemetry collector listens, as http://HOST:4317. Default: none, and nothing is sent.</summary>
    public string? OtlpEndpoint { get; set; }

    /// <summary>How it is spoken to: <c>Grpc</c> (default), or <c>HttpProtobuf</c>, where /v1/traces and /v1/metrics are appended to the endpoint.</summary>
    public OtlpProtocol OtlpProtocol { get; set; } = OtlpProtocol.Grpc;

    /// <summary>Headers sent along, as name=value,name=value: a secret often. Default: none.</summary>
    public string? OtlpHeaders { get; set; }

    /// <summary>Share of the queries that begin here which are traced, 0 to 1; those that a caller traces are traced on. Default 0.01.</summary>
    public double TraceShare { get; set; } = 0.01;

    /// <summary>How often metrics are sent. Default 30 s.</summary>
    public TimeSpan MetricsEvery { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Whether anything is sent.</summary>
    public bool IsOn => !string.IsNullOrWhiteSpace(OtlpEndpoint);
}

/// <summary>How a collector is spoken to.</summary>
public enum OtlpProtocol
{
    /// <summary>gRPC over HTTP/2.</summary>
    Grpc,

    /// <summary>Protocol buffers over HTTP.</summary>
    HttpProtobuf,
}
