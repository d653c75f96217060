using DistAttention.Deploy.Tests.Manifests;
using DistAttention.Deploy.Tests.Yaml;

namespace DistAttention.Deploy.Tests.Checks;

/// <summary>Every check finds what it is there for: one change to good manifests, and the problem that has to be named.</summary>
public sealed class ManifestCheckTests
{
    private const string Container = "spec/template/spec/containers/0/";

    [Theory]
    [InlineData("Workload", Container + "imagePulPolicy", "Always", "imagePulPolicy")] // a field that is not there
    [InlineData("ServiceMonitor", "spec/endpoints/0/portt", "admin", "portt")]
    [InlineData("Workload", "spec/replicas", "many", "StatefulSet distattention")] // a type
    [InlineData("Service", "spec/ports", null, "spec/ports is missing")]
    [InlineData("NetworkPolicy", "spec/policyTypes/0", "Outgress", "is Outgress")]
    [InlineData("ConfigMap", "metadata/name", "Upper", "not a DNS label")]
    [InlineData("ConfigMap", "metadata/name", "other", "there is no ConfigMap distattention-options")]
    [InlineData("ServiceAccount", "metadata/name", "other", "there is no ServiceAccount distattention")]
    [InlineData("Workload", "spec/serviceName", "other", "there is no Service other")]
    [InlineData("Workload", "spec/template/spec/volumes/0/secret/secretName", "other", "there is no Secret other")]
    [InlineData("Workload", "spec/template/spec/volumes/0/name", "other", "volume secrets is mounted and not there")]
    [InlineData("HorizontalPodAutoscaler", "spec/scaleTargetRef/kind", "Deployment", "there is no Deployment distattention")]
    [InlineData("Service", "spec/selector/app.kubernetes.io~component", "admin", "does not select the silos")]
    [InlineData("PodDisruptionBudget", "spec/selector/matchLabels/app.kubernetes.io~instance", null, "does not select the silos")]
    [InlineData("ServiceMonitor", "spec/selector/matchLabels/app.kubernetes.io~component", "silo", "not the admin service alone")]
    [InlineData("Workload", Container + "ports/2/containerPort", 8081L, "the container's port http is 8081")]
    [InlineData("ConfigMap", "data/DISTATTN_Admin__Port", "9091", "Admin:Port is 9091")]
    [InlineData("Service", "spec/ports/0/targetPort", "admin", "leads to admin")]
    [InlineData("NetworkPolicy", "spec/ingress/1/ports/1/port", 11111L, "open to others")]
    [InlineData("NetworkPolicy", "spec/ingress/0/from/0/podSelector/matchLabels/app.kubernetes.io~component", null, "open to others")]
    [InlineData("NetworkPolicy", "spec/egress/1/to/0/podSelector/matchLabels/app.kubernetes.io~name", "distattention", "may not ask for names")]
    [InlineData("Workload", Container + "startupProbe/failureThreshold", 6L, "startupProbe asks every 5 s, 6 times")]
    [InlineData("Workload", Container + "livenessProbe/httpGet/path", "/healthz/ready", "livenessProbe asks admin/healthz/ready")]
    [InlineData("Workload", Container + "readinessProbe/httpGet/scheme", "HTTP", "readinessProbe speaks HTTP")]
    [InlineData("Workload", Container + "resources/limits/memory", "10000Mi", "memory is requested as 10752Mi and limited to 10000Mi")]
    [InlineData("Workload", Container + "resources/limits/cpu", "4", "not limited")]
    [InlineData("ConfigMap", "data/DOTNET_GCHeapHardLimit", "2147483648", "for the managed heap")] // decimal, which the runtime takes for hexadecimal
    [InlineData("ConfigMap", "data/DISTATTN_Attention__MaxCallBytes", "1073741824", "calls may take")]
    [InlineData("ConfigMap", "data/DISTATTN_Attention__ComputeThreads", "8", "8 threads compute on 4 processors")]
    [InlineData("Workload", "spec/template/spec/terminationGracePeriodSeconds", 120L, "killed after 120 s")]
    [InlineData("Workload", Container + "lifecycle", null, "no time to stop sending")]
    [InlineData("Workload", "spec/template/spec/automountServiceAccountToken", true, "automountServiceAccountToken")]
    [InlineData("Workload", "spec/template/spec/securityContext/seccompProfile", null, "seccompProfile")]
    [InlineData("Workload", Container + "securityContext/readOnlyRootFilesystem", null, "readOnlyRootFilesystem")]
    [InlineData("Workload", Container + "securityContext/capabilities", null, "keeps capabilities")]
    [InlineData("Workload", "spec/template/spec/volumes/0/secret/defaultMode", 420L, "with mode 420")]
    [InlineData("ConfigMap", "data/DISTATTN_Cluster__ConnectionString", "Host=db", "Cluster:ConnectionString is in the environment")]
    [InlineData("Workload", "spec/minReadySeconds", null, "minReadySeconds")]
    [InlineData("Workload", "spec/updateStrategy/type", "OnDelete", "more than one silo may be replaced")]
    [InlineData("Workload", "spec/volumeClaimTemplates/0/metadata/labels", "app.kubernetes.io/version", "claims of the StatefulSet have labels")]
    [InlineData("PodDisruptionBudget", "spec/maxUnavailable", 2L, "more than one silo may be evicted")]
    [InlineData("Workload", "spec/template/spec/topologySpreadConstraints/1", null, "silos are spread over")]
    [InlineData("ConfigMap", "data/DISTATTN_Cluster__Name", "x", "there is no option Cluster:Name")]
    [InlineData("ConfigMap", "data/DISTATTN_TOKEN", "x", "nobody reads DISTATTN_TOKEN")]
    [InlineData("ConfigMap", "data/DISTATTN_Hosting__LogFile", "/var/log/silo", "where nothing is mounted")]
    [InlineData("Workload", Container + "env/1/valueFrom/fieldRef/fieldPath", "status.hostIP", "not told its name and address")]
    [InlineData("Workload", Container + "command/0", "/app/silo", "the container starts [/app/silo]")]
    [InlineData("Workload", Container + "env/2", null, "the file with their secrets missing")]
    [InlineData("HorizontalPodAutoscaler", "spec/metrics/0/pods/target/averageValue", "9999999999", "silos are added above 9999999999")]
    [InlineData("HorizontalPodAutoscaler", "spec/behavior/scaleDown/policies/0/value", 3L, "not taken away one at a time")]
    [InlineData("Workload", "spec/replicas", 3L, "there is a HorizontalPodAutoscaler")]
    public void WhatIsWrongIsNamed(string kind, string path, object? value, string problem)
    {
        ManifestSet good = Rendered.OfChart("production");
        Assert.Empty(ManifestCheck.Problems(good));
        Assert.Contains(ManifestCheck.Problems(good.Changed(kind, path, value)), p => p.Contains(problem, StringComparison.Ordinal));
    }

    [Fact]
    public void TwoObjectsOfOneNameAreNamed()
    {
        ManifestSet good = Rendered.OfChart("single");
        Assert.Contains(ManifestCheck.Problems(new([.. good.All, good.OfKind("Service").First()])), static p => p.EndsWith("is there 2 times", StringComparison.Ordinal));
    }

    [Fact]
    public void AKeyThatComesTwiceIsNoYaml() => Assert.ThrowsAny<YamlDotNet.Core.YamlException>(static () => YamlText.Mapping("a: 1\na: 2\n"));
}
