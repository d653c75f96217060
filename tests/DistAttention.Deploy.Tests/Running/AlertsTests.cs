using DistAttention.Deploy.Tests.Documents;
using DistAttention.Deploy.Tests.Manifests;
using DistAttention.Deploy.Tests.Yaml;

namespace DistAttention.Deploy.Tests.Running;

/// <summary>Alerts look at what silos measure, and each has a page that says what to do.</summary>
public sealed class AlertsTests
{
    [Fact]
    public void EveryAlertSaysWhatToDoAndNothingElseDoes()
    {
        string[] sections = [.. Repository.Read("deploy/ALERTS.md").Split('\n').Where(static l => l.StartsWith("## ", StringComparison.Ordinal)).Select(static l => l[3..])];
        Assert.Equal(Alerts.Rules.Select(static r => r.TextAt("alert")), sections);
        Assert.All(Alerts.Rules, static rule =>
        {
            Assert.Equal($"deploy/ALERTS.md#{rule.TextAt("alert")!.ToLowerInvariant()}", rule.TextAt("annotations/runbook"));
            Assert.EndsWith(".", rule.TextAt("annotations/summary"), StringComparison.Ordinal);
            Assert.NotNull(rule.TextAt("for"));
            Assert.Equal(rule.TextAt("expr")!.Count(static c => c == '('), rule.TextAt("expr")!.Count(static c => c == ')'));
        });
    }

    [Fact]
    public void EveryAlertLooksAtSomething() =>
        Assert.All(Alerts.Rules, static rule => Assert.True(Alerts.Metrics(rule.TextAt("expr")!).Any() || rule.TextAt("expr")!.Contains("up{", StringComparison.Ordinal) || rule.TextAt("expr")!.Contains("container_", StringComparison.Ordinal)));

    [Fact]
    public void ErrorsThatAlertsLeaveOutExist()
    {
        string[] known = [.. typeof(DistAttentionException).Assembly.GetExportedTypes().Select(static t => t.Name)];
        string[] named = [.. Alerts.Rules.SelectMany(static rule => Alerts.Errors(rule.TextAt("expr")!)).Distinct()];
        Assert.NotEmpty(named);
        Assert.All(named, name => Assert.Contains(name, known));
    }

    /// <summary>That a silo measures what alerts and scaling look at.</summary>
    /// <param name="text">What it says at <c>/metrics</c>.</param>
    internal static void RequireMetrics(string text)
    {
        string[] scaled = [.. Rendered.OfChart("production").OfKind("HorizontalPodAutoscaler").Single().Spec.ItemsAt("metrics").Select(static m => m.TextAt("pods/metric/name")!)];
        foreach (string metric in Alerts.Rules.SelectMany(static r => Alerts.Metrics(r.TextAt("expr")!)).Concat(scaled).Distinct())
        {
            string family = metric.EndsWith("_count", StringComparison.Ordinal) ? metric[..^"_count".Length] : metric;
            Assert.Contains($"# TYPE {family} ", text, StringComparison.Ordinal);
        }
    }
}
