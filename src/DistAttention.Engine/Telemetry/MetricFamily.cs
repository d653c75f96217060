using System.Diagnostics.Metrics;

namespace DistAttention.Engine.Telemetry;

/// <summary>What one instrument has measured, for each combination of its tags.</summary>
public sealed class MetricFamily
{
    /// <summary>Combinations of tags that are kept: one that has more is in error, and must not fill the memory.</summary>
    private const int MaxSeries = 256;

    private readonly Lock _lock = new();
    private readonly List<MetricSeries> _series = [];

    internal MetricFamily(Instrument instrument, MetricKind kind, double[] bounds)
    {
        Instrument = instrument;
        Kind = kind;
        Bounds = bounds;
        if (kind is MetricKind.Counter or MetricKind.Histogram && instrument.Meter.Name == AttentionMeter.Name && instrument.Name != AttentionMeter.Wire)
        {
            _series.Add(new MetricSeries([], BucketCount)); // what has not happened yet is 0, and can be waited for
        }
    }

    /// <summary>The instrument: its name, unit and description.</summary>
    public Instrument Instrument { get; }

    /// <summary>What its measurements mean.</summary>
    public MetricKind Kind { get; }

    /// <summary>Upper ends of a histogram's buckets, inclusive; the last bucket, without end, is not among them.</summary>
    public IReadOnlyList<double> Bounds { get; }

    /// <summary>A copy of what was measured so far.</summary>
    public IReadOnlyList<MetricSeries> Series()
    {
        lock (_lock)
        {
            return [.. _series.Select(static s => s.Copy())];
        }
    }

    private int BucketCount => Kind == MetricKind.Histogram ? Bounds.Count + 1 : 0;

    internal void Take(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        lock (_lock)
        {
            Find(tags)?.Take(value, this);
        }
    }

    private MetricSeries? Find(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        foreach (MetricSeries series in _series)
        {
            if (series.Has(tags))
            {
                return series;
            }
        }

        if (_series.Count == MaxSeries)
        {
            return null;
        }

        MetricSeries made = new([.. tags], BucketCount);
        _series.Add(made);
        return made;
    }
}
