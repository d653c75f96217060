using DistAttention.Engine.Telemetry;

namespace DistAttention.Silo.Admin.Metrics;

/// <summary>Counts for <c>/metrics</c>, from the start of the silo: what its engine counts, and what the runtime does.</summary>
internal sealed class SiloMetrics(AttentionMeter meter) : IDisposable
{
    private const string Runtime = "System.Runtime";

    private readonly MetricStore _store = new(m => m == meter.Meter || m.Name == Runtime);

    public string Text() => PrometheusText.Write(_store.Look());

    public void Dispose() => _store.Dispose();
}
