using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;
using DistAttention.Engine.Telemetry;

namespace DistAttention.Silo.Admin.Metrics;

/// <summary>
/// Writes metrics as Prometheus reads them (exposition format 0.0.4). Names and units are translated as OpenTelemetry's compatibility
/// specification says: dots become underscores, the unit is appended, counters end in <c>_total</c>.
/// </summary>
internal static class PrometheusText
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    public static string Write(IEnumerable<MetricFamily> families)
    {
        StringBuilder text = new();
        HashSet<string> written = [];
        foreach (MetricFamily family in families)
        {
            string name = NameOf(family.Instrument, family.Kind);
            IReadOnlyList<MetricSeries> series = family.Series();
            if (series.Count > 0 && written.Add(name)) // two meters may have an instrument of one name; a name has one type
            {
                Write(text, name, family, series);
            }
        }

        return text.ToString();
    }

    /// <summary>What Prometheus calls an instrument.</summary>
    public static string NameOf(Instrument instrument, MetricKind kind)
    {
        bool isCounter = kind is MetricKind.Counter or MetricKind.ObservedCounter;
        string name = string.Concat(instrument.Name.Select(static c => char.IsAsciiLetterOrDigit(c) ? c : '_'));
        if (UnitOf(instrument.Unit, kind) is { Length: > 0 } unit && !name.EndsWith("_" + unit, StringComparison.Ordinal))
        {
            name += "_" + unit;
        }

        return isCounter && !name.EndsWith("_total", StringComparison.Ordinal) ? name + "_total" : name;
    }

    private static string UnitOf(string? unit, MetricKind kind) => unit switch
    {
        "s" => "seconds",
        "By" => "bytes",
        "1" => kind == MetricKind.Gauge ? "ratio" : "",
        "%" => "percent",
        { Length: > 0 } when unit.EndsWith("}/s", StringComparison.Ordinal) => "per_second",
        _ => "", // annotations in braces are no units
    };

    private static void Write(StringBuilder text, string name, MetricFamily family, IReadOnlyList<MetricSeries> all)
    {
        string type = family.Kind switch
        {
            MetricKind.Counter or MetricKind.ObservedCounter => "counter",
            MetricKind.Histogram => "histogram",
            _ => "gauge",
        };
        if (family.Instrument.Description is { Length: > 0 } help)
        {
            text.Append("# HELP ").Append(name).Append(' ').Append(help.Replace("\\", @"\\", StringComparison.Ordinal).Replace("\n", @"\n", StringComparison.Ordinal)).Append('\n');
        }

        text.Append("# TYPE ").Append(name).Append(' ').Append(type).Append('\n');
        foreach (MetricSeries series in all)
        {
            string labels = LabelsOf(series.Tags);
            if (family.Kind == MetricKind.Histogram)
            {
                WriteHistogram(text, name, family, series, labels);
            }
            else
            {
                Line(text, name, labels, series.Value);
            }
        }
    }

    /// <summary>Buckets add up: each holds those before it.</summary>
    private static void WriteHistogram(StringBuilder text, string name, MetricFamily family, MetricSeries series, string labels)
    {
        long count = 0;
        string before = labels.Length > 0 ? labels + "," : "";
        for (int i = 0; i < series.Buckets.Count; i++)
        {
            count += series.Buckets[i];
            double end = i < family.Bounds.Count ? family.Bounds[i] : double.PositiveInfinity;
            Line(text, name + "_bucket", $"{before}le=\"{Number(end)}\"", count);
        }

        Line(text, name + "_sum", labels, series.Value);
        Line(text, name + "_count", labels, count);
    }

    private static void Line(StringBuilder text, string name, string labels, double value)
    {
        text.Append(name);
        if (labels.Length > 0)
        {
            text.Append('{').Append(labels).Append('}');
        }

        text.Append(' ').Append(Number(value)).Append('\n');
    }

    private static string LabelsOf(IEnumerable<KeyValuePair<string, object?>> tags) => string.Join(',', tags.Select(static tag =>
        $"{LabelName(tag.Key)}=\"{Escape(Convert.ToString(tag.Value, CultureInfo.InvariantCulture) ?? "")}\""));

    private static string LabelName(string key)
    {
        string name = string.Concat(key.Select(static c => char.IsAsciiLetterOrDigit(c) ? c : '_'));
        return char.IsAsciiDigit(name.FirstOrDefault()) ? "_" + name : name;
    }

    private static string Escape(string value) =>
        value.Replace("\\", @"\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", @"\n", StringComparison.Ordinal);

    private static string Number(double value) =>
        double.IsPositiveInfinity(value) ? "+Inf" : double.IsNegativeInfinity(value) ? "-Inf" : value.ToString("R", CultureInfo.InvariantCulture);
}
