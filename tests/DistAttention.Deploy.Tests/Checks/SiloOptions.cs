using DistAttention.Deploy.Tests.Documents;
using DistAttention.Deploy.Tests.Manifests;
using DistAttention.Deploy.Tests.Yaml;

namespace DistAttention.Deploy.Tests.Checks;

/// <summary>The environment sets options that the silo has, names only folders that are mounted, says who the silo is, and starts its program.</summary>
internal static class SiloOptions
{
    private static readonly string[] _runtime = ["DOTNET_GCHeapHardLimit", "DOTNET_DbgEnableMiniDump", "DOTNET_DbgMiniDumpType", "DOTNET_DbgMiniDumpName", "DISTATTN_CONFIG", "POD_NAME", "POD_IP"];

    public static IEnumerable<string> Problems(ManifestSet set)
    {
        foreach (string option in set.Options().Where(static o => !OptionsPage.Names.Contains(o) && !o.StartsWith("Logging:LogLevel:", StringComparison.Ordinal)))
        {
            yield return $"there is no option {option}";
        }

        foreach (string variable in set.Environment().Keys.Where(static v => !_runtime.Contains(v) && !v.Contains("__", StringComparison.Ordinal)))
        {
            yield return $"nobody reads {variable}";
        }

        string[] mounts = [.. set.Container.ItemsAt("volumeMounts").Select(static m => m.TextAt("mountPath") + "/")];
        foreach ((string name, string value) in set.Environment().Where(static e => e.Value.StartsWith('/')))
        {
            if (!mounts.Any(mount => (value + "/").StartsWith(mount, StringComparison.Ordinal)))
            {
                yield return $"{name} is {value}, where nothing is mounted";
            }
        }

        if (set.Environment().GetValueOrDefault("POD_NAME") != "$(metadata.name)" || set.Environment().GetValueOrDefault("POD_IP") != "$(status.podIP)")
        {
            yield return "the silo is not told its name and address";
        }

        if (set.Container.ItemsAt("command") is not ["/app/distattn-silo"] || set.Container.At("args") is not null)
        {
            yield return $"the container starts [{string.Join(", ", set.Container.ItemsAt("command"))}]";
        }

        bool needsSecret = set.Option("Cluster:Mode") == "PostgreSql" || set.Option("Storage:Mode") == "PostgreSql";
        if (needsSecret != set.Environment().ContainsKey("DISTATTN_CONFIG"))
        {
            yield return $"the cluster is {set.Option("Cluster:Mode")}, the storage {set.Option("Storage:Mode")}, and the file with their secrets {(needsSecret ? "missing" : "of no use")}";
        }
    }
}
