using DistAttention.Deploy.Tests.Manifests;
using DistAttention.Deploy.Tests.Yaml;

namespace DistAttention.Deploy.Tests.Checks;

/// <summary>Silos are replaced, evicted and placed one at a time.</summary>
internal static class Rollout
{
    public static IEnumerable<string> Problems(ManifestSet set)
    {
        object? spec = set.Workload.Spec;
        if (spec.IntegerAt("minReadySeconds") is null or < 10)
        {
            yield return $"minReadySeconds is {spec.IntegerAt("minReadySeconds")}: a silo that has joined needs time to take over";
        }

        // A StatefulSet updates one pod at a time unless told otherwise.
        bool oneAtATime = set.Workload.Kind == "StatefulSet"
            ? spec.TextAt("updateStrategy/type") == "RollingUpdate" && spec.At("updateStrategy/rollingUpdate") is null
            : spec.IntegerAt("strategy/rollingUpdate/maxSurge") == 1 && spec.IntegerAt("strategy/rollingUpdate/maxUnavailable") == 0;
        if (!oneAtATime)
        {
            yield return "more than one silo may be replaced at a time";
        }

        if (set.OfKind("PodDisruptionBudget").ToArray() is not [{ } budget] || budget.Spec.IntegerAt("maxUnavailable") != 1)
        {
            yield return "more than one silo may be evicted at a time";
        }

        // Kubernetes refuses to change them, so nothing in them may change with the version.
        if (spec.ItemsAt("volumeClaimTemplates").Any(static claim => claim.At("metadata/labels") is not null || claim.At("metadata/annotations") is not null))
        {
            yield return "claims of the StatefulSet have labels or annotations, which could never be changed";
        }

        string?[] spread = [.. set.Pod.ItemsAt("spec/topologySpreadConstraints").Select(static s => s.TextAt("topologyKey"))];
        if (spread is not ["topology.kubernetes.io/zone", "kubernetes.io/hostname"])
        {
            yield return $"silos are spread over [{string.Join(", ", spread)}]";
        }
    }
}
