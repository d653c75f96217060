using DistAttention.Deploy.Tests.Manifests;
using DistAttention.Deploy.Tests.Yaml;

namespace DistAttention.Deploy.Tests.Checks;

/// <summary>What one object names of another is there, or is one of the few things that an operator brings.</summary>
internal static class References
{
    /// <summary>Made by hand or by cert-manager; deploy/README.md says how.</summary>
    private static readonly string[] _brought = ["Secret distattention-secrets", "Secret distattention-tls", "PersistentVolumeClaim brought", "ServiceAccount brought"];

    public static IEnumerable<string> Problems(ManifestSet set) =>
        Named(set).Distinct().Where(name => !_brought.Contains(name) && set.All.All(m => m.ToString() != name)).Select(static name => $"there is no {name}, which is named")
            .Concat(Volumes(set));

    private static IEnumerable<string> Named(ManifestSet set)
    {
        object? pod = set.Pod.At("spec");
        yield return $"ServiceAccount {pod.TextAt("serviceAccountName")}";
        foreach (object? source in set.Container.ItemsAt("envFrom"))
        {
            yield return $"ConfigMap {source.TextAt("configMapRef/name")}";
        }

        foreach (object? volume in pod.ItemsAt("volumes"))
        {
            if (volume.TextAt("secret/secretName") is { } secret)
            {
                yield return $"Secret {secret}";
            }

            if (volume.TextAt("persistentVolumeClaim/claimName") is { } claim)
            {
                yield return $"PersistentVolumeClaim {claim}";
            }
        }

        if (set.Workload.Kind == "StatefulSet")
        {
            yield return $"Service {set.Workload.Spec.TextAt("serviceName")}";
        }

        foreach (Manifest scaler in set.OfKind("HorizontalPodAutoscaler"))
        {
            yield return $"{scaler.Spec.TextAt("scaleTargetRef/kind")} {scaler.Spec.TextAt("scaleTargetRef/name")}";
        }

        foreach (object? endpoint in set.OfKind("ServiceMonitor").SelectMany(static m => m.Spec.ItemsAt("endpoints")))
        {
            if (endpoint.TextAt("tlsConfig/ca/secret/name") is { } secret)
            {
                yield return $"Secret {secret}";
            }
        }
    }

    private static IEnumerable<string> Volumes(ManifestSet set)
    {
        string[] declared =
        [
            .. set.Pod.ItemsAt("spec/volumes").Select(static v => v.TextAt("name")!),
            .. set.Workload.Spec.ItemsAt("volumeClaimTemplates").Select(static v => v.TextAt("metadata/name")!),
        ];
        string[] mounted = [.. set.Container.ItemsAt("volumeMounts").Select(static m => m.TextAt("name")!)];
        return mounted.Except(declared).Select(static name => $"volume {name} is mounted and not there")
            .Concat(declared.Except(mounted).Select(static name => $"volume {name} is there and not mounted"));
    }
}
