using DistAttention.Deploy.Tests.Kinds;
using DistAttention.Deploy.Tests.Manifests;
using DistAttention.Deploy.Tests.Yaml;
using k8s;
using k8s.Models;
using YamlDotNet.Core;

namespace DistAttention.Deploy.Tests.Checks;

/// <summary>
/// Every object is of a kind that is known here and has only fields that the kind has, with values of their types: it is read into Kubernetes' own
/// model of the kind, which is generated from the API's description.
/// </summary>
internal static class KnownFields
{
    private static readonly Dictionary<string, Type> _kinds = new()
    {
        ["v1/ConfigMap"] = typeof(V1ConfigMap),
        ["v1/Secret"] = typeof(V1Secret),
        ["v1/Service"] = typeof(V1Service),
        ["v1/ServiceAccount"] = typeof(V1ServiceAccount),
        ["v1/PersistentVolumeClaim"] = typeof(V1PersistentVolumeClaim),
        ["apps/v1/StatefulSet"] = typeof(V1StatefulSet),
        ["apps/v1/Deployment"] = typeof(V1Deployment),
        ["policy/v1/PodDisruptionBudget"] = typeof(V1PodDisruptionBudget),
        ["networking.k8s.io/v1/NetworkPolicy"] = typeof(V1NetworkPolicy),
        ["autoscaling/v2/HorizontalPodAutoscaler"] = typeof(V2HorizontalPodAutoscaler),
        ["monitoring.coreos.com/v1/ServiceMonitor"] = typeof(ServiceMonitor),
        ["monitoring.coreos.com/v1/PrometheusRule"] = typeof(PrometheusRule),
    };

    public static IEnumerable<string> Problems(ManifestSet set)
    {
        foreach (Manifest manifest in set.All)
        {
            string kind = $"{manifest.ApiVersion}/{manifest.Kind}";
            if (!_kinds.ContainsKey(kind))
            {
                yield return $"{manifest}: the kind {kind} is not known here";
            }
            else if (Read(manifest) is { } problem)
            {
                yield return $"{manifest}: {problem}";
            }
        }
    }

    private static string? Read(Manifest manifest)
    {
        try
        {
            KubernetesYaml.LoadAllFromString(YamlWriter.Text(manifest.Body), _kinds, strict: true);
            return null;
        }
        catch (YamlException e)
        {
            return e.InnerException?.Message ?? e.Message;
        }
    }
}
