using DistAttention.Deploy.Tests.Manifests;
using DistAttention.Deploy.Tests.Yaml;

namespace DistAttention.Deploy.Tests.Charts;

/// <summary>Where there is a Helm: it renders what the tests' own renderer does, and finds nothing to complain of.</summary>
public sealed class HelmTests
{
    public static TheoryData<string> Names => Rendered.Rows;

    [HelmTheory]
    [MemberData(nameof(Names))]
    public void HelmRendersTheSame(string name)
    {
        string helm = Programs.Find("helm")!;
        string chart = Repository.At("deploy/helm/distattention");
        Programs.Run(helm, "lint", "--strict", chart, "--values", Rendered.ValuesFile(name));
        ManifestSet theirs = ManifestSet.Parse(Programs.Run(helm, "template", "distattention", chart, "--namespace", "distattention", "--kube-version", "1.31.0", "--values", Rendered.ValuesFile(name)));
        Assert.Equal(
            Rendered.OfChart(name).All.ToDictionary(static m => m.ToString(), static m => YamlWriter.Text(m.Body)),
            theirs.All.ToDictionary(static m => m.ToString(), static m => YamlWriter.Text(m.Body)));
    }

    [Fact]
    public void TheNotesSayHowItStands()
    {
        string notes = Rendered.Chart.Notes("distattention", Rendered.Chart.With(YamlText.Mapping("{storage: {mode: None}}")));
        Assert.Contains("3 silos, 10752 MiB each, of which 8192 for keys and values", notes, StringComparison.Ordinal);
        Assert.Contains("those of a silo that ends are lost", notes, StringComparison.Ordinal);
    }
}
