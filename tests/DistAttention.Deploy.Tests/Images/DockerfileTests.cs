using System.Xml.Linq;
using DistAttention.Deploy.Tests.Manifests;
using DistAttention.Deploy.Tests.Yaml;

namespace DistAttention.Deploy.Tests.Images;

/// <summary>The Dockerfile and the SDK make one image, out of what is there, for the manifests that use it.</summary>
public sealed class DockerfileTests
{
    private static readonly IReadOnlyList<Stage> _stages = Dockerfile.Stages(Repository.Read("deploy/Dockerfile"));
    private static readonly XElement _sdk = XDocument.Load(Repository.At("deploy/Container.props")).Root!;

    private static Stage Build => _stages[0];

    private static Stage Final => _stages[^1];

    [Fact]
    public void OneStageBuildsAndTheOtherHasNothingButTheResult()
    {
        Assert.Equal(2, _stages.Count);
        string version = XDocument.Load(Repository.At("Directory.Build.props")).Descendants("TargetFramework").Single().Value["net".Length..];
        Assert.Equal($"mcr.microsoft.com/dotnet/sdk:{version}", Build.Image);
        Assert.Equal($"mcr.microsoft.com/dotnet/aspnet:{version}-noble-chiseled", Final.Image);
        Instruction copy = Assert.Single(Final.Of("COPY"));
        Assert.Equal(Build.Name, copy.Flag("from"));
        Assert.Empty(Final.Of("RUN")); // there is no shell
    }

    [Fact]
    public void TheFolderThatIsPublishedIsTheOneThatIsCopiedAndStarted()
    {
        string run = Assert.Single(Build.Of("RUN")).Rest;
        Assert.Contains("deploy/publish.sh /app ", run, StringComparison.Ordinal);
        Assert.Equal(["/app", "/app"], Final.Of("COPY").Single().Words);
        Assert.Equal("[\"/app/distattn-silo\"]", Final.Of("ENTRYPOINT").Single().Rest);
        Assert.StartsWith("/app:", Final.Environment["PATH"], StringComparison.Ordinal);
        Assert.True(OperatingSystem.IsWindows() || File.GetUnixFileMode(Repository.At("deploy/publish.sh")).HasFlag(UnixFileMode.UserExecute));
    }

    [Theory]
    [InlineData("silo/DistAttention.Silo/DistAttention.Silo.csproj")]
    [InlineData("client/DistAttention.Cli/DistAttention.Cli.csproj")]
    public void TheBuildIsSentEverythingThatAProjectIsMadeOf(string project)
    {
        string[] files = ["Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props", "global.json", "deploy/publish.sh", .. BuildContext.FilesOf(project)];
        Assert.Contains(files, static f => f.StartsWith("src/DistAttention.Kernels/", StringComparison.Ordinal)); // what is referenced by what is referenced
        Assert.All(files, static f => Assert.True(BuildContext.Has(f) && File.Exists(Repository.At(f)), f));
    }

    [Theory]
    [InlineData("deploy/secrets/silo.json")]
    [InlineData("deploy/helm/distattention/values.yaml")]
    [InlineData("artifacts/bin/DistAttention.Silo/release/distattn-silo")]
    [InlineData("silo/DistAttention.Silo/obj/x.json")]
    [InlineData("tests/DistAttention.Testing/SeededData.cs")]
    [InlineData(".git/config")]
    public void AndNothingElse(string file) => Assert.False(BuildContext.Has(file));

    [Fact]
    public void TheSdkMakesTheSameImage()
    {
        Assert.Equal(Final.Image, Property("ContainerBaseImage"));
        Assert.Equal(Final.Of("USER").Single().Rest, Property("ContainerUser"));
        Assert.Equal(Final.Of("ENTRYPOINT").Single().Rest, $"[\"{Item("ContainerAppCommand").Single()}\"]");
        Assert.Equal(Final.Of("EXPOSE").Single().Words, Item("ContainerPort").Single().Split(';'));
        Assert.Equal(
            Final.Environment.OrderBy(static e => e.Key, StringComparer.Ordinal),
            _sdk.Descendants("ContainerEnvironmentVariable").ToDictionary(static e => (string)e.Attribute("Include")!, static e => (string)e.Attribute("Value")!).OrderBy(static e => e.Key, StringComparer.Ordinal));
        Assert.Contains("deploy/Container.props", Repository.Read("silo/DistAttention.Silo/DistAttention.Silo.csproj"), StringComparison.Ordinal);
    }

    [Fact]
    public void TheManifestsUseItAsItIs()
    {
        ManifestSet set = Rendered.OfValues("{}");
        Assert.Equal($"{set.Pod.TextAt("spec/securityContext/runAsUser")}:{set.Pod.TextAt("spec/securityContext/runAsGroup")}", Final.Of("USER").Single().Rest);
        Assert.Equal(set.Container.TextAt("command/0"), Item("ContainerAppCommand").Single());
        Assert.Equal(set.Container.ItemsAt("ports").Select(static p => p.TextAt("containerPort")), Final.Of("EXPOSE").Single().Words);
        Assert.Equal(set.Container.TextAt("image"), $"{Property("ContainerRepository")}:{Version}");
        Assert.Equal(Version, Rendered.Chart.Description["appVersion"]);
    }

    private static string Version { get; } = XDocument.Load(Repository.At("Directory.Build.props")).Descendants("Version").Single().Value;

    private static string Property(string name) => _sdk.Descendants(name).Single().Value;

    private static string[] Item(string name) => [.. _sdk.Descendants(name).Select(static e => (string)e.Attribute("Include")!)];
}
