using DistAttention.Deploy.Tests.Charts;
using DistAttention.Deploy.Tests.Checks;
using DistAttention.Deploy.Tests.Yaml;

namespace DistAttention.Deploy.Tests.Manifests;

/// <summary>What Kubernetes is given is right, and the chart and the overlays give it the same.</summary>
public sealed class ManifestTests
{
    /// <summary>Values whose branches no overlay takes.</summary>
    public static TheoryData<string, string> Values => new()
    {
        { "volume of its own", "{storage: {mode: SharedVolume}}" },
        { "claim brought", "{workload: Deployment, storage: {mode: SharedVolume, sharedVolume: {existingClaim: brought}}}" },
        { "classes", "{ownVolume: {storageClassName: fast}, storage: {mode: SharedVolume, sharedVolume: {storageClassName: nfs, size: 2Ti}}}" },
        { "rows in memory", "{storage: {mode: None}}" },
        { "scaled deployment", "{workload: Deployment, autoscaling: {enabled: true, residentPercent: 50, queueLength: 7, maxReplicas: 40}}" },
        { "monitored without TLS", "{monitoring: {enabled: true, labels: {release: prometheus}}}" },
        { "secret made", "{secrets: {create: true, content: {Cluster: {ConnectionString: 'Host=db;Password=\"x\\y\"'}}}}" },
        { "no policy", "{networkPolicy: {enabled: false}}" },
        { "narrow policy", "{networkPolicy: {database: [{ipBlock: {cidr: 10.1.0.0/16}}], databasePort: 6432, extraEgress: [{ports: [{port: 4317, protocol: TCP}]}]}}" },
        { "other ports", "{ports: {silo: 2001, gateway: 2002, http: 2003, admin: 2004}}" },
        { "other memory", "{memory: {kvMiB: 65536, gcHeapMiB: 4096, headroomMiB: 1024}, cpu: {request: 16, computeThreads: 12}}" },
        { "other times", "{shutdown: {timeoutSeconds: 3600, preStopSeconds: 15, marginSeconds: 30}, minReadySeconds: 60}" },
        { "options", "{options: {Attention__Replicas: 2, Attention__MemoryBytesPerCaller: 1073741824, Endpoint__Name: x, Tls__ReloadInterval: 00:00:05, Hosting__Detached: true, Logging__LogLevel__Orleans: Information}}" },
        { "digest", "{image: {repository: r.example/x, digest: 'sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef', pullSecrets: [pull], pullPolicy: Always}}" },
        {
            "everything of pods",
            "{serviceAccount: {name: brought}, podAnnotations: {a/b: c}, podLabels: {team: x}, priorityClassName: high, nodeSelector: {disk: ssd}, "
            + "tolerations: [{key: gpu, operator: Exists}], affinity: {nodeAffinity: {}}, service: {type: LoadBalancer, annotations: {x: z}}, spread: {whenUnsatisfiable: DoNotSchedule}}"
        },
        { "account", "{serviceAccount: {annotations: {x: z}}}" },
    };

    public static TheoryData<string> Names => Rendered.Rows;

    [Fact]
    public void LargeNumbersOfOptionsStayWhole() =>
        Assert.Equal("1073741824", Rendered.OfValues("{options: {Attention__MemoryBytesPerCaller: 1073741824}}").Option("Attention:MemoryBytesPerCaller"));

    [KubectlTheory]
    [MemberData(nameof(Names))]
    public void NothingIsWrongWithAnOverlay(string name) => Assert.Empty(ManifestCheck.Problems(Rendered.Overlay(name)));

    [Theory]
    [MemberData(nameof(Names))]
    public void NothingIsWrongWithTheChart(string name) => Assert.Empty(ManifestCheck.Problems(Rendered.OfChart(name)));

    [Theory]
    [MemberData(nameof(Values))]
    public void NothingIsWrongWithTheChartWith(string values, string yaml)
    {
        Assert.Empty(ValuesSchema.Problems(Rendered.Chart.With(YamlText.Mapping(yaml))));
        Assert.Equal([], ManifestCheck.Problems(Rendered.OfValues(yaml)).Select(problem => $"{values}: {problem}"));
    }

    [KubectlTheory]
    [MemberData(nameof(Names))]
    public void TheChartAndTheOverlayAreTheSame(string name) => RequireSame(Rendered.Overlay(name), Rendered.OfChart(name));

    [KubectlTheory]
    [InlineData("autoscaling monitoring deployment storage-postgresql tls", "{workload: Deployment, autoscaling: {enabled: true}, monitoring: {enabled: true}, tls: {enabled: true}}")]
    [InlineData("autoscaling deployment storage-shared-volume", "{workload: Deployment, autoscaling: {enabled: true}, storage: {mode: SharedVolume}}")]
    [InlineData("storage-shared-volume tls", "{storage: {mode: SharedVolume}, tls: {enabled: true}}")]
    [InlineData("monitoring", "{storage: {mode: None}, monitoring: {enabled: true}}")]
    public void ComponentsCombineAsValuesDo(string components, string values)
    {
        ManifestSet overlay = Rendered.OfComponents(components.Split(' '));
        Assert.Empty(ManifestCheck.Problems(overlay));
        RequireSame(overlay, Rendered.OfValues(values));
    }

    [Fact]
    public void EveryOverlayHasValuesForTheChartAndEveryValuesAnOverlay() =>
        Assert.Equal(Rendered.Names, Directory.EnumerateFiles(Repository.At("deploy/helm/distattention/ci")).Select(static f => Path.GetFileNameWithoutExtension(f)).Order(StringComparer.Ordinal));

    [Fact]
    public void AReleaseOfAnotherNameIsAnotherClusterThroughout()
    {
        ManifestSet set = Rendered.OfValues(File.ReadAllText(Rendered.ValuesFile("production")), "blue");
        Assert.Empty(ManifestCheck.Problems(set));
        Assert.All(set.All, static m => Assert.StartsWith("blue-distattention", m.Name, StringComparison.Ordinal));
        Assert.All(set.OfKind("PrometheusRule"), static m => Assert.DoesNotContain("\"distattention-admin\"", YamlWriter.Text(m.Body), StringComparison.Ordinal));
    }

    [Fact]
    public void OneValueChoosesTheWorkload()
    {
        Assert.Equal("StatefulSet", Rendered.OfValues("{}").Workload.Kind);
        Assert.Equal("Deployment", Rendered.OfValues("{workload: Deployment}").Workload.Kind);
        Assert.NotEmpty(Rendered.OfValues("{}").Workload.Spec.ItemsAt("volumeClaimTemplates"));
    }

    [Fact]
    public void TheDefaultsAreTheAgreedOnes()
    {
        ManifestSet set = Rendered.OfValues("{}");
        Assert.Equal(150, set.Pod.IntegerAt("spec/terminationGracePeriodSeconds"));
        Assert.Equal("00:02:00", set.Option("Hosting:ShutdownTimeout"));
        Assert.Equal($"{8192 + 2048 + 512}Mi", set.Container.TextAt("resources/limits/memory"));
    }

    private static void RequireSame(ManifestSet overlay, ManifestSet chart)
    {
        SortedDictionary<string, string> expected = Comparable(chart);
        SortedDictionary<string, string> found = Comparable(overlay);
        Assert.Equal(expected.Keys, found.Keys);
        Assert.All(expected, manifest => Assert.Equal(manifest.Value, found[manifest.Key]));
    }

    /// <summary>Object by object, without what only one of the two adds: kustomize its namespace and the hashes in names, Helm its labels and checksum.</summary>
    private static SortedDictionary<string, string> Comparable(ManifestSet set)
    {
        string hashed = set.OfKind("ConfigMap").Single().Name;
        return new(set.All.ToDictionary(
            m => m.ToString().Replace(hashed, "distattention-options", StringComparison.Ordinal),
            m => YamlWriter.Text(m.Body
                    .Changed("metadata/namespace", null)
                    .Changed("metadata/annotations", null)
                    .Changed("metadata/labels/app.kubernetes.io~managed-by", null)
                    .Changed("metadata/labels/helm.sh~chart", null)
                    .Changed("spec", m.Kind is "StatefulSet" or "Deployment" ? m.Body.MappingAt("spec").Changed("template/metadata/annotations", null) : m.Spec))
                .Replace(hashed, "distattention-options", StringComparison.Ordinal)));
    }
}
