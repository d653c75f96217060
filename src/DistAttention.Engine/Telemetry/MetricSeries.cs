namespace DistAttention.Engine.Telemetry;

/// <summary>What was measured under one combination of tags.</summary>
public sealed class MetricSeries
{
    private readonly KeyValuePair<string, object?>[] _tags;
    private readonly long[] _buckets;

    internal MetricSeries(KeyValuePair<string, object?>[] tags, int buckets)
        : this(tags, new long[buckets])
    {
    }

    private MetricSeries(KeyValuePair<string, object?>[] tags, long[] buckets) => (_tags, _buckets) = (tags, buckets);

    /// <summary>The tags.</summary>
    public IReadOnlyList<KeyValuePair<string, object?>> Tags => _tags;

    /// <summary>The sum, or the last measurement of a gauge.</summary>
    public double Value { get; private set; }

    /// <summary>Measurements in each bucket of a histogram, not added up; empty for others.</summary>
    public IReadOnlyList<long> Buckets => _buckets;

    internal bool Has(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        bool same = tags.Length == _tags.Length;
        for (int i = 0; same && i < tags.Length; i++)
        {
            same = tags[i].Key == _tags[i].Key && Equals(tags[i].Value, _tags[i].Value);
        }

        return same;
    }

    internal void Take(double value, MetricFamily family)
    {
        switch (family.Kind)
        {
            case MetricKind.Gauge or MetricKind.ObservedCounter:
                Value = value;
                break;
            case MetricKind.Histogram:
                int bucket = 0;
                while (bucket < family.Bounds.Count && value > family.Bounds[bucket])
                {
                    bucket++;
                }

                _buckets[bucket]++;
                Value += value;
                break;
            default:
                Value += value;
                break;
        }
    }

    internal MetricSeries Copy() => new(_tags, [.. _buckets]) { Value = Value };
}
