using System.Diagnostics.Metrics;
using DistAttention.Engine.Telemetry;
using DistAttention.Silo.Admin.Metrics;

namespace DistAttention.Silo.Tests.Admin;

/// <summary>The text that Prometheus reads, down to the letter.</summary>
public sealed class PrometheusTextTests : IDisposable
{
    private readonly Meter _meter = new("test");
    private readonly MetricStore _store;

    public PrometheusTextTests() => _store = new MetricStore(m => m == _meter);

    [Fact]
    public void CountersEndInTotalAndEscapeWhatTheySay()
    {
        Counter<long> counter = _meter.CreateCounter<long>("a.b-c", "By", "Back\\slash and\nline.");
        counter.Add(2, new KeyValuePair<string, object?>("error.type", "q\"\\\n"));
        counter.Add(40, new KeyValuePair<string, object?>("error.type", "q\"\\\n"));
        counter.Add(1);
        Assert.Equal(
            "# HELP a_b_c_bytes_total Back\\\\slash and\\nline.\n# TYPE a_b_c_bytes_total counter\na_b_c_bytes_total{error_type=\"q\\\"\\\\\\n\"} 42\na_b_c_bytes_total 1\n",
            Text());
    }

    [Fact]
    public void BucketsAddUpAndTheLastHasNoEnd()
    {
        Histogram<double> histogram = _meter.CreateHistogram<double>("t", "s", null, tags: null, new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.5, 1] });
        foreach (double value in (double[])[0.5, 0.75, 7, 0.25])
        {
            histogram.Record(value, new KeyValuePair<string, object?>("k", "v"));
        }

        Assert.Equal(
            """
            # TYPE t_seconds histogram
            t_seconds_bucket{k="v",le="0.5"} 2
            t_seconds_bucket{k="v",le="1"} 3
            t_seconds_bucket{k="v",le="+Inf"} 4
            t_seconds_sum{k="v"} 8.5
            t_seconds_count{k="v"} 4

            """,
            Text());
    }

    [Fact]
    public void WhatIsObservedIsTheLastWordAndUnitsAreSpelledOut()
    {
        long seen = 3;
        _meter.CreateObservableGauge("share", () => 0.25, "1");
        _meter.CreateObservableCounter("jobs", () => seen, "{job}");
        _meter.CreateObservableUpDownCounter("size", () => double.NaN, "By");
        _meter.CreateObservableGauge("rate", () => double.PositiveInfinity, "{flop}/s");
        _ = Text();
        seen = 5;
        Assert.Equal(
            """
            # TYPE jobs_total counter
            jobs_total 5
            # TYPE rate_per_second gauge
            rate_per_second +Inf
            # TYPE share_ratio gauge
            share_ratio 0.25
            # TYPE size_bytes gauge
            size_bytes NaN

            """,
            Text());
    }

    [Fact]
    public void TooManyCombinationsOfTagsAreNotKept()
    {
        Counter<int> counter = _meter.CreateCounter<int>("c");
        for (int i = 0; i < 1000; i++)
        {
            counter.Add(1, new KeyValuePair<string, object?>("i", i));
        }

        Assert.Equal(256 + 1, Text().Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    public void Dispose()
    {
        _store.Dispose();
        _meter.Dispose();
    }

    private string Text() => PrometheusText.Write(_store.Look());
}
