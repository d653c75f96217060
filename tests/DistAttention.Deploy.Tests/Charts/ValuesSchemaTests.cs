using DistAttention.Deploy.Tests.Manifests;
using DistAttention.Deploy.Tests.Yaml;

namespace DistAttention.Deploy.Tests.Charts;

/// <summary>The chart's schema takes its values and refuses what would not run.</summary>
public sealed class ValuesSchemaTests
{
    public static TheoryData<string> Names => Rendered.Rows;

    [Fact]
    public void TheChartsOwnValuesAreGood() => Assert.Empty(ValuesSchema.Problems(Rendered.Chart.Values));

    [Fact]
    public void EveryValueIsDescribed()
    {
        Dictionary<string, object?> schema = YamlText.Mapping(Repository.Read("deploy/helm/distattention/values.schema.json"));
        Assert.Equal(Rendered.Chart.Values.Keys.Append("global").Order(), schema.MappingAt("properties").Keys.Order());
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void ValuesOfTheOverlaysAreGood(string name) =>
        Assert.Empty(ValuesSchema.Problems(Rendered.Chart.With(YamlText.Mapping(File.ReadAllText(Rendered.ValuesFile(name))))));

    [Theory]
    [InlineData("{workload: DaemonSet}", "/workload")]
    [InlineData("{replicas: 0}", "/replicas")]
    [InlineData("{replicas: three}", "/replicas")]
    [InlineData("{replica: 3}", "/replica is not known")]
    [InlineData("{memory: {kvGiB: 8}}", "/memory/kvGiB is not known")]
    [InlineData("{memory: {gcHeapMiB: 128}}", "/memory/gcHeapMiB is less than 256")]
    [InlineData("{memory: {kvMiB: 8Gi}}", "/memory/kvMiB is no \"integer\"")]
    [InlineData("{storage: {mode: File}}", "/storage/mode")]
    [InlineData("{storage: {sharedVolume: {size: 100 GB}}}", "/storage/sharedVolume/size does not match")]
    [InlineData("{image: {digest: latest}}", "/image/digest")]
    [InlineData("{ports: {http: 80}}", "/ports/http is less than 1024")] // not for users other than root
    [InlineData("{shutdown: {marginSeconds: 0}}", "/shutdown/marginSeconds")]
    [InlineData("{options: {Cluster.Id: x}}", "/options/Cluster.Id does not match")]
    [InlineData("{secrets: {name: ''}}", "/secrets/name is shorter")] // PostgreSQL needs a connection string
    [InlineData("{secrets: {create: true}}", "/secrets/content has fewer")]
    [InlineData("{cluster: {mode: Development}}", "/replicas is not 1")]
    [InlineData("{cluster: {mode: Development}, replicas: 1, storage: {mode: None}, autoscaling: {enabled: true}}", "/autoscaling/enabled is not false")]
    [InlineData("{storage: {mode: None}, autoscaling: {enabled: true}}", "/autoscaling/enabled is not false")]
    [InlineData("{networkPolicy: {clients: [{}]}}", "/networkPolicy/clients/0 has fewer")] // would be everybody
    [InlineData("{podLabels: {a: 1}}", "/podLabels/a is no \"string\"")]
    public void WhatWouldNotRunIsRefused(string yaml, string problem) =>
        Assert.Contains(ValuesSchema.Problems(Rendered.Chart.With(YamlText.Mapping(yaml))), p => p.StartsWith(problem, StringComparison.Ordinal));

    [Theory]
    [InlineData("Attention__MemoryBudgetBytes")]
    [InlineData("Cluster__Id")]
    public void AnOptionThatTheChartDecidesIsNotSetPastIt(string option)
    {
        TemplateException error = Assert.Throws<TemplateException>(() => Rendered.OfValues($"{{options: {{{option}: 1}}}}"));
        Assert.Contains(option, error.Message, StringComparison.Ordinal);
    }
}
