using System.Text.RegularExpressions;
using DistAttention.Deploy.Tests.Yaml;

namespace DistAttention.Deploy.Tests.Documents;

/// <summary>The alerts of the chart, and the metrics that they look at.</summary>
internal static partial class Alerts
{
    /// <summary>What others measure: Prometheus itself, and the kubelet.</summary>
    private static readonly string[] _ofOthers = ["up", "container_memory_working_set_bytes", "container_spec_memory_limit_bytes"];

    /// <summary>The rules, as they are in the manifest.</summary>
    public static IReadOnlyList<object?> Rules { get; } = (List<object?>)YamlText.Documents(Repository.Read("deploy/helm/distattention/alerts.yaml")).Single();

    /// <summary>Metrics of the silo that an expression looks at.</summary>
    public static IEnumerable<string> Metrics(string expression) =>
        Metric().Matches(Strings().Replace(expression, "")).Select(static m => m.Value).Except(_ofOthers).Distinct();

    /// <summary>Errors that an expression leaves out: <c>(A|B)Exception</c>.</summary>
    public static IEnumerable<string> Errors(string expression) =>
        ErrorList().Matches(expression).SelectMany(static m => m.Groups[1].Value.Split('|')).Select(static name => name + "Exception");

    [GeneratedRegex(@"\(([A-Za-z|]+)\)Exception")]
    private static partial Regex ErrorList();

    [GeneratedRegex("\"[^\"]*\"")]
    private static partial Regex Strings();

    [GeneratedRegex(@"\b(distattention_\w+|container_\w+|up)\b")]
    private static partial Regex Metric();
}
