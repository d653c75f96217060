namespace DistAttention.Engine.Telemetry;

/// <summary>What the measurements of an instrument mean.</summary>
public enum MetricKind
{
    /// <summary>They add up, and the sum never falls.</summary>
    Counter,

    /// <summary>Each is a sum that never falls.</summary>
    ObservedCounter,

    /// <summary>They add up.</summary>
    UpDownCounter,

    /// <summary>The last one counts.</summary>
    Gauge,

    /// <summary>They are sorted into buckets.</summary>
    Histogram,
}
