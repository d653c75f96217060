using System.Globalization;
using DistAttention.Deploy.Tests.Manifests;
using DistAttention.Deploy.Tests.Yaml;

namespace DistAttention.Deploy.Tests.Checks;

/// <summary>Scaling looks at resident bytes below the budget and at the queue, takes silos away one at a time, and has the number of silos to itself.</summary>
internal static class Scaling
{
    public static IEnumerable<string> Problems(ManifestSet set)
    {
        Manifest? scaler = set.OfKind("HorizontalPodAutoscaler").SingleOrDefault();
        if ((scaler is null) != (set.Workload.Spec.IntegerAt("replicas") is > 0))
        {
            yield return $"there is {(scaler is null ? "no" : "a")} HorizontalPodAutoscaler, and the number of silos is {set.Workload.Spec.TextAt("replicas") ?? "not set"}";
        }

        if (scaler is null)
        {
            yield break;
        }

        if (set.Option("Storage:Mode") == "None")
        {
            yield return "silos that are scaled away take their rows along";
        }

        Dictionary<string, long> targets = scaler.Spec.ItemsAt("metrics").ToDictionary(
            static m => m.TextAt("pods/metric/name")!, static m => long.Parse(m.TextAt("pods/target/averageValue")!, CultureInfo.InvariantCulture));
        _ = long.TryParse(set.Option("Attention:MemoryBudgetBytes"), CultureInfo.InvariantCulture, out long budget);
        if (targets.GetValueOrDefault("distattention_kv_resident_bytes") is var resident && (resident < budget / 10 || resident > budget / 20 * 19))
        {
            yield return $"silos are added above {resident} resident bytes of {budget}";
        }

        if (targets.GetValueOrDefault("distattention_compute_queue_length") < 1)
        {
            yield return "silos are not added for long queues";
        }

        if (scaler.Spec.ItemsAt("behavior/scaleDown/policies") is not [{ } down] || down.IntegerAt("value") != 1 || down.IntegerAt("periodSeconds") < 120)
        {
            yield return "silos are not taken away one at a time";
        }

        if (scaler.Spec.IntegerAt("minReplicas") > scaler.Spec.IntegerAt("maxReplicas"))
        {
            yield return "fewest silos are more than most";
        }
    }
}
