using System.Globalization;
using System.Net;
using DistAttention.Deploy.Tests.Documents;
using DistAttention.Deploy.Tests.Yaml;

namespace DistAttention.Deploy.Tests.Images;

/// <summary>The file for Docker Compose: a database and three silos that are kept as strictly as in the manifests.</summary>
public sealed class ComposeTests
{
    private const long Mebibyte = 1 << 20;

    private static readonly Dictionary<string, object?> _file = (Dictionary<string, object?>)Merged(YamlText.Mapping(Repository.Read("deploy/compose.yaml")))!;

    private static readonly string[] _silos = ["silo-1", "silo-2", "silo-3"];

    public static TheoryData<string> Silos => [.. _silos];

    [Fact]
    public void ThereAreADatabaseAndThreeSilosWithAddressesOfTheirOwn()
    {
        Dictionary<string, object?> services = _file.MappingAt("services");
        Assert.Equal(["postgres", .. _silos], services.Keys);
        IPNetwork subnet = IPNetwork.Parse(_file.TextAt("networks/cluster/ipam/config/0/subnet")!);
        string[] addresses = [.. _silos.Select(silo => services.TextAt($"{silo}/networks/cluster/ipv4_address")!)];
        Assert.Equal(3, addresses.Distinct().Count());
        Assert.All(addresses, address => Assert.True(subnet.Contains(IPAddress.Parse(address))));
        string[] published = [.. _silos.SelectMany(silo => services.ItemsAt($"{silo}/ports")).Select(static p => (string)p!)];
        Assert.Equal(published.Length, published.Select(static p => p[..p.LastIndexOf(':')]).Distinct().Count());
        Assert.All(published, static p => Assert.StartsWith("127.0.0.1:", p, StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Silos))]
    public void ASiloIsToldWhoItIsAndMayDoNothingElse(string name)
    {
        object? silo = _file.At($"services/{name}");
        Assert.Equal(name, silo.TextAt("environment/POD_NAME"));
        Assert.Equal(silo.TextAt("networks/cluster/ipv4_address"), silo.TextAt("environment/POD_IP"));
        Assert.Equal(true, silo.At("read_only"));
        Assert.Equal(["ALL"], silo.ItemsAt("cap_drop"));
        Assert.Equal(["no-new-privileges:true"], silo.ItemsAt("security_opt"));
        Assert.True(File.Exists(Path.Combine(Repository.At("deploy"), silo.TextAt("build/context")!, silo.TextAt("build/dockerfile")!)));
        Assert.Equal("service_healthy", silo.TextAt("depends_on/postgres/condition"));
    }

    [Theory]
    [MemberData(nameof(Silos))]
    public void ItsOptionsAreThereAndItsMemoryAddsUp(string name)
    {
        object? silo = _file.At($"services/{name}");
        Dictionary<string, object?> environment = silo.MappingAt("environment");
        string[] options = [.. environment.Keys.Where(static k => k.Contains("__", StringComparison.Ordinal)).Select(static k => k["DISTATTN_".Length..].Replace("__", ":", StringComparison.Ordinal))];
        Assert.Empty(options.Except(OptionsPage.Names));
        long rows = long.Parse(environment.TextAt("DISTATTN_Attention__MemoryBudgetBytes")!, CultureInfo.InvariantCulture);
        long heap = Convert.ToInt64(environment.TextAt("DOTNET_GCHeapHardLimit"), 16);
        Assert.Equal($"{((rows + heap) / Mebibyte) + 512}m", silo.TextAt("mem_limit"));
        Assert.Equal(heap / 4, long.Parse(environment.TextAt("DISTATTN_Attention__MaxCallBytes")!, CultureInfo.InvariantCulture));
        TimeSpan shutdown = TimeSpan.Parse(environment.TextAt("DISTATTN_Hosting__ShutdownTimeout")!, CultureInfo.InvariantCulture);
        Assert.Equal($"{shutdown.TotalSeconds + 30}s", silo.TextAt("stop_grace_period"));
    }

    [Fact]
    public void SecretsAreFilesThatGitNeverTakes()
    {
        Assert.DoesNotContain("assword=", Repository.Read("deploy/compose.yaml"), StringComparison.Ordinal);
        foreach ((string name, object? secret) in _file.MappingAt("secrets"))
        {
            Assert.StartsWith("secrets/", secret.TextAt("file"), StringComparison.Ordinal);
            Assert.Contains($"> {Path.GetFileName(secret.TextAt("file"))}", Repository.Read("deploy/secrets/make.sh"), StringComparison.Ordinal);
            Assert.Contains(_file.MappingAt("services").Values, service => service.ItemsAt("secrets").Any(s => (s as string ?? s.TextAt("source")) == name));
        }

        Assert.Equal(["*", "!.gitignore", "!make.sh"], File.ReadLines(Repository.At("deploy/secrets/.gitignore")));
        string file = _file.TextAt("services/silo-1/environment/DISTATTN_CONFIG")!;
        Assert.Equal(file, _file.TextAt("services/silo-1/secrets/0/target"));
    }

    /// <summary>With what <c>&lt;&lt;</c> refers to put in its place.</summary>
    private static object? Merged(object? node) => node switch
    {
        List<object?> list => list.Select(Merged).ToList(),
        Dictionary<string, object?> mapping => mapping.MappingAt("<<")
            .Concat(mapping.Where(static p => p.Key != "<<"))
            .GroupBy(static p => p.Key)
            .ToDictionary(static g => g.Key, static g => Merged(g.Last().Value)),
        _ => node,
    };
}
