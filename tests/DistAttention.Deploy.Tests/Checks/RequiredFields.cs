using System.Text.RegularExpressions;
using DistAttention.Deploy.Tests.Manifests;
using DistAttention.Deploy.Tests.Yaml;

namespace DistAttention.Deploy.Tests.Checks;

/// <summary>Fields that Kubernetes refuses an object without, and fields with a few allowed values, as its API reference has them.</summary>
internal static class RequiredFields
{
    private static readonly Dictionary<string, string[]> _required = new()
    {
        ["Service"] = ["spec/ports", "spec/selector"],
        ["StatefulSet"] = ["spec/serviceName", "spec/selector/matchLabels", "spec/template/metadata/labels", "spec/template/spec/containers"],
        ["Deployment"] = ["spec/selector/matchLabels", "spec/template/metadata/labels", "spec/template/spec/containers"],
        ["PersistentVolumeClaim"] = ["spec/accessModes", "spec/resources/requests/storage"],
        ["PodDisruptionBudget"] = ["spec/selector/matchLabels"],
        ["NetworkPolicy"] = ["spec/podSelector", "spec/policyTypes"],
        ["HorizontalPodAutoscaler"] = ["spec/scaleTargetRef/kind", "spec/scaleTargetRef/name", "spec/scaleTargetRef/apiVersion", "spec/minReplicas", "spec/maxReplicas", "spec/metrics"],
        ["ServiceMonitor"] = ["spec/selector/matchLabels", "spec/endpoints"],
        ["PrometheusRule"] = ["spec/groups"],
        ["ConfigMap"] = ["data"],
        ["Secret"] = ["stringData"],
    };

    /// <summary>Where a path ends so, the value is one of these.</summary>
    private static readonly (Regex Path, string[] Values)[] _allowed =
    [
        (new("/protocol$"), ["TCP", "UDP", "SCTP"]),
        (new("/imagePullPolicy$"), ["Always", "IfNotPresent", "Never"]),
        (new("/whenUnsatisfiable$"), ["DoNotSchedule", "ScheduleAnyway"]),
        (new("/accessModes/[0-9]+$"), ["ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod"]),
        (new("/policyTypes/[0-9]+$"), ["Ingress", "Egress"]),
        (new("/podManagementPolicy$"), ["Parallel", "OrderedReady"]),
        (new("/(updateStrategy|strategy)/type$"), ["RollingUpdate"]),
        (new("/seccompProfile/type$"), ["RuntimeDefault"]),
        (new("/fsGroupChangePolicy$"), ["OnRootMismatch", "Always"]),
        (new("/unhealthyPodEvictionPolicy$"), ["AlwaysAllow", "IfHealthyBudget"]),
        (new("/httpGet/scheme$"), ["HTTP", "HTTPS"]),
        (new("/endpoints/[0-9]+/scheme$"), ["http", "https"]),
        (new("/severity$"), ["critical", "warning", "info"]),
        (new("/(whenDeleted|whenScaled)$"), ["Retain", "Delete"]),
        (new("/metrics/[0-9]+/type$"), ["Pods"]),
        (new("/target/type$"), ["AverageValue"]),
    ];

    public static IEnumerable<string> Problems(ManifestSet set)
    {
        foreach (Manifest manifest in set.All)
        {
            foreach (string path in _required.GetValueOrDefault(manifest.Kind, []).Where(path => manifest.Body.At(path) is null))
            {
                yield return $"{manifest}: {path} is missing";
            }

            foreach ((string path, object? value) in manifest.Body.All())
            {
                foreach ((Regex pattern, string[] values) in _allowed)
                {
                    if (pattern.IsMatch(path) && !values.Contains(value as string))
                    {
                        yield return $"{manifest}: {path} is {value}, not one of {string.Join(", ", values)}";
                    }
                }
            }
        }
    }
}
