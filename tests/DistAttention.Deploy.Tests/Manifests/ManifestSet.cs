using System.Globalization;
using DistAttention.Deploy.Tests.Yaml;

namespace DistAttention.Deploy.Tests.Manifests;

/// <summary>What one overlay or one set of values is rendered to, and where in it the things are that checks look at.</summary>
internal sealed class ManifestSet(IReadOnlyList<Manifest> all)
{
    private const string Prefix = "DISTATTN_";

    public IReadOnlyList<Manifest> All { get; } = all;

    /// <summary>The StatefulSet or the Deployment.</summary>
    public Manifest Workload => All.Single(static m => m.Kind is "StatefulSet" or "Deployment");

    /// <summary>The template of a pod.</summary>
    public object? Pod => Workload.Spec.At("template");

    /// <summary>The one container.</summary>
    public object? Container => Pod.ItemsAt("spec/containers").Single();

    public Dictionary<string, object?> PodLabels => Pod.MappingAt("metadata/labels");

    public static ManifestSet Parse(string yaml) => new([.. YamlText.Documents(yaml).Select(static d => new Manifest((Dictionary<string, object?>)d))]);

    public IEnumerable<Manifest> OfKind(string kind) => All.Where(m => m.Kind == kind);

    /// <summary>The environment of a container: what it takes from ConfigMaps, then its own; what is filled in when a pod starts is <c>$(fieldPath)</c>.</summary>
    public Dictionary<string, string> Environment()
    {
        Dictionary<string, string> environment = [];
        foreach (object? source in Container.ItemsAt("envFrom"))
        {
            Manifest? map = OfKind("ConfigMap").FirstOrDefault(m => m.Name == source.TextAt("configMapRef/name"));
            foreach ((string name, object? value) in map?.Body.MappingAt("data") ?? [])
            {
                environment[name] = Convert.ToString(value, CultureInfo.InvariantCulture)!;
            }
        }

        foreach (object? variable in Container.ItemsAt("env"))
        {
            environment[variable.TextAt("name")!] = variable.TextAt("value") ?? $"$({variable.TextAt("valueFrom/fieldRef/fieldPath")})";
        }

        return environment;
    }

    /// <summary>What an option of the silo is set to.</summary>
    /// <param name="name">With its section, <c>Admin:Port</c>.</param>
    public string? Option(string name) => Environment().GetValueOrDefault(Prefix + name.Replace(":", "__", StringComparison.Ordinal));

    /// <summary>The options that are set, with their sections.</summary>
    public IEnumerable<string> Options() => Environment().Keys
        .Where(static v => v.StartsWith(Prefix, StringComparison.Ordinal) && v.Contains("__", StringComparison.Ordinal))
        .Select(static v => v[Prefix.Length..].Replace("__", ":", StringComparison.Ordinal));

    /// <summary>The same with one object changed.</summary>
    public ManifestSet Changed(string kind, string path, object? value)
    {
        Manifest manifest = All.First(m => m.Kind == kind || (kind == "Workload" && m == Workload));
        return new([.. All.Select(m => m == manifest ? new Manifest(m.Body.Changed(path, value)) : m)]);
    }
}
