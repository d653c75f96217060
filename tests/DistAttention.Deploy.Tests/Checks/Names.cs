using System.Text.RegularExpressions;
using DistAttention.Deploy.Tests.Manifests;
using DistAttention.Deploy.Tests.Yaml;

namespace DistAttention.Deploy.Tests.Checks;

/// <summary>Names and labels have the form that Kubernetes asks for, no two objects have one name, and each says what it belongs to.</summary>
internal static partial class Names
{
    private static readonly string[] _common = ["app.kubernetes.io/name", "app.kubernetes.io/instance", "app.kubernetes.io/component", "app.kubernetes.io/version"];

    public static IEnumerable<string> Problems(ManifestSet set)
    {
        foreach (IGrouping<(string, string), Manifest> same in set.All.GroupBy(static m => (m.Kind, m.Name)).Where(static g => g.Count() > 1))
        {
            yield return $"{same.Key} is there {same.Count()} times";
        }

        foreach (Manifest manifest in set.All)
        {
            if (!Name().IsMatch(manifest.Name))
            {
                yield return $"{manifest}: the name is not a DNS label of at most 63 characters";
            }

            foreach ((string key, object? value) in manifest.Body.MappingAt("metadata/labels").Concat(manifest.Body.MappingAt("spec/template/metadata/labels")))
            {
                if (!Label().IsMatch(value as string ?? ""))
                {
                    yield return $"{manifest}: label {key} is '{value}'";
                }
            }

            foreach (string label in _common.Where(label => !manifest.Body.MappingAt("metadata/labels").ContainsKey(label)))
            {
                yield return $"{manifest}: has no label {label}";
            }
        }
    }

    [GeneratedRegex("^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")]
    private static partial Regex Name();

    [GeneratedRegex("^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)$")]
    private static partial Regex Label();
}
