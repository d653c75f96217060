using System.Text.RegularExpressions;
using DistAttention.Deploy.Tests.Manifests;
using DistAttention.Deploy.Tests.Yaml;

namespace DistAttention.Deploy.Tests.Documents;

/// <summary>What the pages for operators name is there, under that name.</summary>
public sealed partial class DocumentTests
{
    private const string UpdateVariable = "UPDATE_OPTIONS";
    private const string Opening = "|---|---|---|---|---|---|\n";
    private const string Closing = "<!-- end -->";

    public static TheoryData<string> Pages => ["deploy/README.md", "deploy/OPERATING.md", "deploy/ALERTS.md", "deploy/SECURITY.md", "silo/DistAttention.Silo/README.md"];

    /// <summary>With UPDATE_OPTIONS=1 in the environment the table is written instead.</summary>
    [Fact]
    public void TheTableOfBytesPerPositionIsComputed()
    {
        string page = Repository.Read("deploy/OPERATING.md");
        int start = page.IndexOf(Opening, StringComparison.Ordinal) + Opening.Length;
        int end = page.IndexOf(Closing, start, StringComparison.Ordinal);
        string table = string.Concat(BytesPerPosition.Rows().Select(static row => row + "\n"));
        if (Environment.GetEnvironmentVariable(UpdateVariable) == "1")
        {
            File.WriteAllText(Repository.At("deploy/OPERATING.md"), page[..start] + table + page[end..]);
        }

        Assert.Equal(table, page[start..end]);
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void OptionsThatAPageNamesExist(string page)
    {
        string[] sections = [.. OptionsPage.Names.Select(static n => n.Split(':')[0]).Distinct()];
        IEnumerable<string> named = Option().Matches(Repository.Read(page)).Select(static m => m.Groups[1].Value).Where(o => sections.Contains(o.Split(':')[0]));
        Assert.All(named, option => Assert.Contains(OptionsPage.Names, known => known == option || known.StartsWith(option + ":", StringComparison.Ordinal)));
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void ValuesOfTheChartThatAPageNamesExist(string page)
    {
        foreach (string value in Value().Matches(Repository.Read(page)).Select(static m => m.Groups[1].Value).Where(static v => Rendered.Chart.Values.ContainsKey(v.Split('.')[0]) && !v.EndsWith(".json", StringComparison.Ordinal)))
        {
            Assert.True(Rendered.Chart.Values.At(value.Replace('.', '/')) is not null, $"{page} names {value}");
        }
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void ErrorsThatAPageNamesExist(string page)
    {
        string[] known = [.. typeof(DistAttentionException).Assembly.GetExportedTypes().Select(static t => t.Name)];
        Assert.All(Error().Matches(Repository.Read(page)).Select(static m => m.Value), error => Assert.Contains(error, known));
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void LinksOfAPageLeadSomewhere(string page)
    {
        foreach (string link in Link().Matches(Repository.Read(page)).Select(static m => m.Groups[1].Value).Where(static l => !l.Contains("://", StringComparison.Ordinal)))
        {
            string[] parts = link.Split('#');
            string file = parts[0].Length == 0 ? Repository.At(page) : Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Repository.At(page))!, parts[0]));
            Assert.True(File.Exists(file) || Directory.Exists(file), $"{page} links to {link}");
            if (parts.Length > 1)
            {
                string[] anchors = [.. File.ReadLines(file).Where(static l => l.StartsWith('#')).Select(static l => l.TrimStart('#', ' ').ToLowerInvariant().Replace(' ', '-'))];
                Assert.Contains(parts[1], anchors);
            }
        }
    }

    [GeneratedRegex("`([A-Z][A-Za-z]+:[A-Z][A-Za-z0-9]+)`")]
    private static partial Regex Option();

    [GeneratedRegex("`([a-z][A-Za-z]+\\.[A-Za-z]+)(: [A-Za-z]+)?`")]
    private static partial Regex Value();

    [GeneratedRegex(@"\b[A-Z][A-Za-z]+Exception\b")]
    private static partial Regex Error();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();
}
