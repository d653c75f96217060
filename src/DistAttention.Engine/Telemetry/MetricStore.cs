using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace DistAttention.Engine.Telemetry;

/// <summary>Listens to meters and keeps what they have counted so far, for those who ask from time to time: a scraper, another silo.</summary>
public sealed class MetricStore : IDisposable
{
    private static readonly double[] _usualBounds = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

    private readonly ConcurrentDictionary<Instrument, MetricFamily> _families = new();
    private readonly Lock _looking = new();
    private readonly MeterListener _listener = new();

    /// <summary>Starts listening.</summary>
    /// <param name="listensTo">To which meters.</param>
    public MetricStore(Func<Meter, bool> listensTo)
    {
        ArgumentNullException.ThrowIfNull(listensTo);
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (listensTo(instrument.Meter) && KindOf(instrument) is { } kind)
            {
                MetricFamily family = new(instrument, kind, BoundsOf(instrument));
                _families[instrument] = family;
                listener.EnableMeasurementEvents(instrument, family);
            }
        };
        _listener.MeasurementsCompleted = (instrument, _) => _families.TryRemove(instrument, out MetricFamily? _);
        _listener.SetMeasurementEventCallback<byte>(Take);
        _listener.SetMeasurementEventCallback<short>(Take);
        _listener.SetMeasurementEventCallback<int>(Take);
        _listener.SetMeasurementEventCallback<long>(Take);
        _listener.SetMeasurementEventCallback<float>(Take);
        _listener.SetMeasurementEventCallback<double>(Take);
        _listener.SetMeasurementEventCallback<decimal>(Take);
        _listener.Start();
    }

    /// <summary>Everything as it is now, in the order of names.</summary>
    public IReadOnlyList<MetricFamily> Look()
    {
        lock (_looking)
        {
            _listener.RecordObservableInstruments();
        }

        return [.. _families.Values.OrderBy(static f => f.Instrument.Name, StringComparer.Ordinal).ThenBy(static f => f.Instrument.Meter.Name, StringComparer.Ordinal)];
    }

    /// <inheritdoc/>
    public void Dispose() => _listener.Dispose();

    private static void Take<T>(Instrument instrument, T value, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? state)
        where T : struct, IConvertible => ((MetricFamily)state!).Take(value.ToDouble(null), tags);

    private static MetricKind? KindOf(Instrument instrument)
    {
        Type type = instrument.GetType();
        Type shape = type.IsGenericType ? type.GetGenericTypeDefinition() : type;
        return shape == typeof(Counter<>) ? MetricKind.Counter
            : shape == typeof(ObservableCounter<>) ? MetricKind.ObservedCounter
            : shape == typeof(UpDownCounter<>) ? MetricKind.UpDownCounter
            : shape == typeof(Histogram<>) ? MetricKind.Histogram
            : shape == typeof(Gauge<>) || shape == typeof(ObservableGauge<>) || shape == typeof(ObservableUpDownCounter<>) ? MetricKind.Gauge
            : null;
    }

    private static double[] BoundsOf(Instrument instrument) => instrument switch
    {
        Histogram<double> h => [.. h.Advice?.HistogramBucketBoundaries ?? _usualBounds],
        Histogram<long> h => [.. h.Advice?.HistogramBucketBoundaries?.Select(static b => (double)b) ?? _usualBounds],
        Histogram<int> h => [.. h.Advice?.HistogramBucketBoundaries?.Select(static b => (double)b) ?? _usualBounds],
        _ => [],
    };
}
