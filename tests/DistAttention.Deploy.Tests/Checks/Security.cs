using DistAttention.Deploy.Tests.Manifests;
using DistAttention.Deploy.Tests.Yaml;

namespace DistAttention.Deploy.Tests.Checks;

/// <summary>What Kubernetes' restricted Pod Security Standard asks for, a root file system that nothing is written to, no token, no secret in the open.</summary>
internal static class Security
{
    private const string User = "1654"; // of the base image, deploy/Dockerfile

    private static readonly (string Path, object Value)[] _pod =
    [
        ("spec/automountServiceAccountToken", false),
        ("spec/enableServiceLinks", false),
        ("spec/securityContext/runAsNonRoot", true),
        ("spec/securityContext/seccompProfile/type", "RuntimeDefault"),
    ];

    private static readonly (string Path, object Value)[] _container =
    [
        ("securityContext/allowPrivilegeEscalation", false),
        ("securityContext/privileged", false),
        ("securityContext/readOnlyRootFilesystem", true),
    ];

    private static readonly string[] _namespaces = ["spec/hostNetwork", "spec/hostPID", "spec/hostIPC"];

    /// <summary>What stands for a secret in options; hashes of tokens are none, but belong beside them.</summary>
    private static readonly string[] _secret = ["ConnectionString", "ClusterKey", "Token", "Password", "Sha256"];

    public static IEnumerable<string> Problems(ManifestSet set)
    {
        foreach ((string path, object value) in _pod.Where(rule => !Equals(set.Pod.At(rule.Path), rule.Value)))
        {
            yield return $"the pod's {path} is not {value}";
        }

        foreach ((string path, object value) in _container.Where(rule => !Equals(set.Container.At(rule.Path), rule.Value)))
        {
            yield return $"the container's {path} is not {value}";
        }

        foreach (string path in _namespaces.Where(path => set.Pod.At(path) is not null))
        {
            yield return $"the pod's {path} is set";
        }

        if (set.Container.ItemsAt("securityContext/capabilities/drop") is not ["ALL"] || set.Container.At("securityContext/capabilities/add") is not null)
        {
            yield return "the container keeps capabilities";
        }

        if (set.Pod.TextAt("spec/securityContext/runAsUser") != User || set.Pod.TextAt("spec/securityContext/fsGroup") != User)
        {
            yield return $"the pod runs as user {set.Pod.TextAt("spec/securityContext/runAsUser")}, group of files {set.Pod.TextAt("spec/securityContext/fsGroup")}";
        }

        foreach (Manifest account in set.OfKind("ServiceAccount").Where(static a => !Equals(a.Body.At("automountServiceAccountToken"), false)))
        {
            yield return $"{account} mounts its token";
        }

        foreach (object? secret in set.Pod.ItemsAt("spec/volumes").Select(static v => v.At("secret")).OfType<object>())
        {
            if (secret.IntegerAt("defaultMode") != Convert.ToInt64("440", 8))
            {
                yield return $"secret {secret.TextAt("secretName")} is mounted with mode {secret.IntegerAt("defaultMode")}";
            }
        }

        foreach (string option in set.Options().Where(static o => _secret.Any(word => o.EndsWith(word, StringComparison.OrdinalIgnoreCase))))
        {
            yield return $"{option} is in the environment";
        }
    }
}
