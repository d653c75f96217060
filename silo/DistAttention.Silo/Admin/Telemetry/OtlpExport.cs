using DistAttention.Engine.Telemetry;
using Microsoft.Extensions.Hosting;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Orleans.Runtime;

namespace DistAttention.Silo.Admin.Telemetry;

/// <summary>Sends metrics and traces to a collector while the silo runs; what is left is sent when it stops.</summary>
internal sealed class OtlpExport(TelemetryOptions options, ILocalSiloDetails silo) : IHostedService, IDisposable
{
    private const string ServiceName = "distattention";
    private static readonly TimeSpan _lastWords = TimeSpan.FromSeconds(2);

    private TracerProvider? _traces;
    private MeterProvider? _metrics;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        ResourceBuilder resource = ResourceBuilder.CreateDefault().AddService(ServiceName, serviceInstanceId: silo.Name, serviceNamespace: silo.ClusterId);
        _traces = Sdk.CreateTracerProviderBuilder()
            .SetResourceBuilder(resource)
            .AddSource(AttentionMeter.Name)
            .SetSampler(new ParentBasedSampler(new TraceIdRatioBasedSampler(options.TraceShare)))
            .AddOtlpExporter(exporter => Configure(exporter, "v1/traces"))
            .Build();
        _metrics = Sdk.CreateMeterProviderBuilder()
            .SetResourceBuilder(resource)
            .AddMeter(AttentionMeter.Name, "System.Runtime")
            .AddOtlpExporter((exporter, reader) =>
            {
                Configure(exporter, "v1/metrics");
                reader.PeriodicExportingMetricReaderOptions.ExportIntervalMilliseconds = (int)options.MetricsEvery.TotalMilliseconds;
            })
            .Build();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.Run(
        () =>
        {
            _traces?.Shutdown((int)_lastWords.TotalMilliseconds);
            _metrics?.Shutdown((int)_lastWords.TotalMilliseconds);
        },
        CancellationToken.None);

    public void Dispose()
    {
        _traces?.Dispose();
        _metrics?.Dispose();
    }

    private void Configure(OtlpExporterOptions exporter, string path)
    {
        bool isHttp = options.OtlpProtocol == OtlpProtocol.HttpProtobuf;
        exporter.Protocol = isHttp ? OtlpExportProtocol.HttpProtobuf : OtlpExportProtocol.Grpc;
        exporter.Endpoint = isHttp ? new Uri(options.OtlpEndpoint!.TrimEnd('/') + "/" + path) : new Uri(options.OtlpEndpoint!);
        exporter.Headers = options.OtlpHeaders;
    }
}
