using System.Xml.Linq;

namespace DistAttention.Architecture.Tests;

/// <summary>Holds the table of layers: what each project may reference, and nothing else.</summary>
public sealed class LayerTests
{
    private static readonly Dictionary<string, string[]> _mayReference = new()
    {
        ["DistAttention.Abstractions"] = ["System.Numerics.Tensors"],
        ["DistAttention.Kernels"] = ["DistAttention.Abstractions"],
        ["DistAttention.Engine"] = ["DistAttention.Kernels"],
        ["DistAttention.Storage"] = ["DistAttention.Engine", "Npgsql"],
        ["DistAttention.Http"] = ["DistAttention.Engine"],
        ["DistAttention.Contracts"] = ["DistAttention.Abstractions", "DistAttention.Kernels", "Microsoft.Orleans.Sdk", "MessagePack"],
        ["DistAttention.Grains"] = ["DistAttention.Engine", "DistAttention.Storage", "DistAttention.Contracts", "Microsoft.Orleans.Server"],
        ["DistAttention.Silo"] = ["DistAttention.Grains", "DistAttention.Client", "DistAttention.Http", "OpenTelemetry.Exporter.OpenTelemetryProtocol", "Microsoft.Orleans.Clustering.AdoNet", "Npgsql"],
        ["DistAttention.Client"] = ["DistAttention.Contracts", "Microsoft.Orleans.Client"],
        ["DistAttention.Cli"] = ["DistAttention.Client", "DistAttention.Silo", "DistAttention.Engine", "DistAttention.Http", "DistAttention.Storage", "System.CommandLine", "Spectre.Console"],
    };

    private static readonly string[] _needNoOrleans =
        ["DistAttention.Abstractions", "DistAttention.Kernels", "DistAttention.Engine", "DistAttention.Storage", "DistAttention.Http", "DistAttention.Cli"];

    [Fact]
    public void EveryProductProjectIsInTheTable()
    {
        foreach (string project in ProductProjects())
        {
            Assert.Contains(NameOf(project), _mayReference.Keys);
        }
    }

    [Fact]
    public void EveryProjectReferencesOnlyWhatItsLayerMay()
    {
        foreach (string project in ProductProjects())
        {
            string[] allowed = _mayReference[NameOf(project)];
            foreach (string reference in ReferencesOf(project))
            {
                Assert.True(allowed.Contains(reference), $"{NameOf(project)} may reference {string.Join(", ", allowed)}, but references {reference}.");
            }
        }
    }

    [Fact]
    public void WhatIsBuiltWithoutOrleansReachesNoOrleansAssembly()
    {
        Dictionary<string, string> byName = ProductProjects().ToDictionary(NameOf);
        foreach (string name in _needNoOrleans.Where(byName.ContainsKey))
        {
            IEnumerable<string> reached = Reach(name, byName, withOrleans: false);
            Assert.DoesNotContain(reached, static r => r.StartsWith("Microsoft.Orleans", StringComparison.Ordinal) || r.StartsWith("MessagePack", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void ProjectsThatReachOrleansSayThatTheyRequireIt()
    {
        Dictionary<string, string> byName = AllProjects().ToDictionary(NameOf);
        foreach ((string name, string project) in byName)
        {
            bool reaches = Reach(name, byName, withOrleans: false).Any(static r => r.StartsWith("Microsoft.Orleans", StringComparison.Ordinal) || r == "MessagePack");
            bool says = XDocument.Load(project).Descendants("RequiresOrleans").Any(static e => e.Value == "true");
            Assert.True(reaches == says, $"{name}: reaches Orleans without its switch: {reaches}; says RequiresOrleans: {says}.");
        }
    }

    [Fact]
    public void TheSolutionFilterHoldsExactlyWhatNeedsNoOrleans()
    {
        string filter = File.ReadAllText(Path.Combine(RepositoryLayout.Root, "DistAttention.Embedded.slnf"));
        foreach (string project in AllProjects())
        {
            bool requires = XDocument.Load(project).Descendants("RequiresOrleans").Any(static e => e.Value == "true");
            Assert.True(requires != filter.Contains(NameOf(project) + ".csproj", StringComparison.Ordinal), $"{NameOf(project)} and DistAttention.Embedded.slnf disagree.");
        }
    }

    [Fact]
    public void TheTopLevelIsTheAgreedOne()
    {
        string[] allowed =
        [
            "DistAttention.sln", "DistAttention.Embedded.slnf", "src", "silo", "client", "tests", "deploy", "README.md",
            "global.json", "Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props",
            ".editorconfig", ".gitignore", ".dockerignore", "LICENSE", "build.sh", ".ci", ".git", "artifacts",
        ];
        IEnumerable<string> found = Directory.EnumerateFileSystemEntries(RepositoryLayout.Root).Select(static e => Path.GetFileName(e));
        Assert.Empty(found.Except(allowed));
    }

    private static IEnumerable<string> ProductProjects() => ProjectsUnder("src", "silo", "client");

    private static IEnumerable<string> AllProjects() => ProjectsUnder("src", "silo", "client", "tests");

    private static IEnumerable<string> ProjectsUnder(params string[] folders) =>
        folders
            .Select(static f => Path.Combine(RepositoryLayout.Root, f))
            .Where(Directory.Exists)
            .SelectMany(static f => Directory.EnumerateFiles(f, "*.csproj", SearchOption.AllDirectories));

    private static string NameOf(string project) => Path.GetFileNameWithoutExtension(project);

    private static IEnumerable<string> ReferencesOf(string project) =>
        References(project, withOrleans: true);

    private static IEnumerable<string> References(string project, bool withOrleans) =>
        XDocument.Load(project)
            .Descendants()
            .Where(static e => e.Name.LocalName is "ProjectReference" or "PackageReference")
            .Where(e => withOrleans || !IsOnlyWithOrleans(e))
            .Select(static e => (string)e.Attribute("Include")!)
            .Select(static r => r.EndsWith(".csproj", StringComparison.Ordinal) ? Path.GetFileNameWithoutExtension(r) : r);

    private static bool IsOnlyWithOrleans(XElement reference) =>
        reference.AncestorsAndSelf().Any(static e => ((string?)e.Attribute("Condition"))?.Contains("'$(WithOrleans)' == 'true'", StringComparison.Ordinal) == true);

    private static HashSet<string> Reach(string name, Dictionary<string, string> byName, bool withOrleans)
    {
        HashSet<string> reached = [];
        Queue<string> queue = new([name]);
        while (queue.TryDequeue(out string? at))
        {
            if (!byName.TryGetValue(at, out string? project))
            {
                continue;
            }

            foreach (string reference in References(project, withOrleans))
            {
                if (reached.Add(reference))
                {
                    queue.Enqueue(reference);
                }
            }
        }

        return reached;
    }
}
