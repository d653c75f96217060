using DistAttention.Deploy.Tests.Manifests;
using DistAttention.Deploy.Tests.Yaml;

namespace DistAttention.Deploy.Tests.Checks;

/// <summary>Everything that selects pods selects the silos; the selector for scraping selects the admin service and no other.</summary>
internal static class Selectors
{
    public static IEnumerable<string> Problems(ManifestSet set)
    {
        foreach ((string what, Dictionary<string, object?> selector) in OfPods(set))
        {
            if (selector.Count < 3 || !Matches(selector, set.PodLabels))
            {
                yield return $"{what} does not select the silos: {YamlWriter.Json(selector)}";
            }
        }

        if (set.Workload.Kind == "StatefulSet"
            && set.OfKind("Service").FirstOrDefault(s => s.Name == set.Workload.Spec.TextAt("serviceName")) is { } governing && governing.Spec.TextAt("clusterIP") != "None")
        {
            yield return $"{governing} governs the StatefulSet and is not headless";
        }

        foreach (Manifest monitor in set.OfKind("ServiceMonitor"))
        {
            string[] selected = [.. set.OfKind("Service").Where(s => Matches(monitor.Spec.MappingAt("selector/matchLabels"), s.Body.MappingAt("metadata/labels"))).Select(static s => s.Name)];
            if (selected is not [var one] || !one.EndsWith("-admin", StringComparison.Ordinal))
            {
                yield return $"{monitor} selects [{string.Join(", ", selected)}], not the admin service alone";
            }
        }
    }

    private static IEnumerable<(string What, Dictionary<string, object?> Selector)> OfPods(ManifestSet set)
    {
        yield return ($"{set.Workload}", set.Workload.Spec.MappingAt("selector/matchLabels"));
        foreach (Manifest service in set.OfKind("Service"))
        {
            yield return ($"{service}", service.Spec.MappingAt("selector"));
        }

        foreach (Manifest budget in set.OfKind("PodDisruptionBudget"))
        {
            yield return ($"{budget}", budget.Spec.MappingAt("selector/matchLabels"));
        }

        foreach (Manifest policy in set.OfKind("NetworkPolicy"))
        {
            yield return ($"{policy}", policy.Spec.MappingAt("podSelector/matchLabels"));
        }

        foreach (object? spread in set.Pod.ItemsAt("spec/topologySpreadConstraints"))
        {
            yield return ($"the spread over {spread.TextAt("topologyKey")}", spread.MappingAt("labelSelector/matchLabels"));
        }
    }

    private static bool Matches(Dictionary<string, object?> selector, Dictionary<string, object?> labels) =>
        selector.All(pair => labels.TryGetValue(pair.Key, out object? value) && Equals(value, pair.Value));
}
