using System.Collections.Concurrent;
using DistAttention.Deploy.Tests.Charts;
using DistAttention.Deploy.Tests.Yaml;

namespace DistAttention.Deploy.Tests.Manifests;

/// <summary>What the repository's chart and overlays are rendered to, each once.</summary>
internal static class Rendered
{
    private const string ChartFolder = "deploy/helm/distattention";
    private const string OverlayFolder = "deploy/kustomize/overlays";
    private const string BaseFolder = "deploy/kustomize/base";
    private const string ComponentFolder = "deploy/kustomize/components";

    private static readonly ConcurrentDictionary<string, Lazy<ManifestSet>> _overlays = new();

    public static Chart Chart { get; } = new(Repository.At(ChartFolder));

    /// <summary>The overlays; the chart has values of the same names beside it, which give the same.</summary>
    public static IReadOnlyList<string> Names { get; } =
        [.. Directory.EnumerateDirectories(Repository.At(OverlayFolder)).Select(static d => Path.GetFileName(d)).Order(StringComparer.Ordinal)];

    /// <summary>The names as rows of a theory.</summary>
    public static TheoryData<string> Rows => [.. Names];

    public static ManifestSet Overlay(string name) =>
        _overlays.GetOrAdd(name, static n => new(() => Kustomize(Repository.At($"{OverlayFolder}/{n}")))).Value;

    /// <summary>An overlay of somebody's own: the base with some components, in their order.</summary>
    public static ManifestSet OfComponents(IEnumerable<string> components)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("distattn-overlay-");
        try
        {
            File.WriteAllLines(
                Path.Combine(folder.FullName, "kustomization.yaml"),
                [
                    "apiVersion: kustomize.config.k8s.io/v1beta1",
                    "kind: Kustomization",
                    "namespace: distattention",
                    $"resources: [{From(BaseFolder)}]",
                    $"components: [{string.Join(", ", components.Select(c => From($"{ComponentFolder}/{c}")))}]",
                ]);
            return Kustomize(folder.FullName);
        }
        finally
        {
            folder.Delete(recursive: true);
        }

        string From(string path) => Path.GetRelativePath(folder.FullName, Repository.At(path)); // kustomize takes no absolute ones
    }

    /// <summary>The file of values that goes with an overlay.</summary>
    public static string ValuesFile(string name) => Repository.At($"{ChartFolder}/ci/{name}.yaml");

    /// <summary>The chart with the values that go with an overlay.</summary>
    public static ManifestSet OfChart(string name) => OfValues(File.ReadAllText(ValuesFile(name)));

    /// <summary>The chart with some values.</summary>
    public static ManifestSet OfValues(string yaml, string release = "distattention") =>
        ManifestSet.Parse(Chart.Render(release, Chart.With(YamlText.Mapping(yaml))));

    private static ManifestSet Kustomize(string folder) => ManifestSet.Parse(Programs.Run(Programs.Find("kubectl")!, "kustomize", folder));
}
