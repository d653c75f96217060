using DistAttention.Silo.Options;
using Microsoft.Extensions.Options;

namespace DistAttention.Silo.Tests.Options;

/// <summary>One row per rule: what is wrong, and which option the message names.</summary>
public sealed class ValidatorTests
{
    public static TheoryData<string, string> Wrong => new()
    {
        { "Cluster:Mode=7", "Cluster:Mode is 7" },
        { "Cluster:Mode=Files", "Cluster:Mode is 'Files'" },
        { "Cluster:Id=", "Cluster:Id is empty" },
        { "Cluster:Folder=", "Cluster:Folder is empty" },
        { "Cluster:Mode=PostgreSql", "Cluster:ConnectionString is empty" },
        { "Cluster:ProbeTimeout=00:00:00.05", "Cluster:ProbeTimeout is 00:00:00.0500000" },
        { "Cluster:ProbeTimeout=soon", "Cluster:ProbeTimeout is 'soon'" },
        { "Cluster:MissedProbes=0", "Cluster:MissedProbes is 0" },
        { "Cluster:Votes=11", "Cluster:Votes is 11" },
        { "Cluster:Refresh=02:00:00", "Cluster:Refresh is 02:00:00" },
        { "Cluster:Foldr=x", "there is no option Cluster:Foldr" },
        { "Storage:Mode=9", "Storage:Mode is 9" },
        { "Storage:Mode=File", "Storage:Folder is empty" },
        { "Storage:Mode=PostgreSql", "Storage:ConnectionString is empty" },
        { "Storage:SweepEvery=00:00:01", "Storage:SweepEvery is 00:00:01" },
        { "Storage:Path=x", "there is no option Storage:Path" },
        { "Endpoint:Address=here", "Endpoint:Address 'here'" },
        { "Endpoint:Address=0.0.0.0", "Endpoint:Address '0.0.0.0'" },
        { "Endpoint:ListenAddress=everywhere", "Endpoint:ListenAddress 'everywhere'" },
        { "Endpoint:SiloPort=0", "Endpoint:SiloPort is 0" },
        { "Endpoint:SiloPort=http", "Endpoint:SiloPort is 'http'" },
        { "Endpoint:GatewayPort=65536", "Endpoint:GatewayPort is 65536" },
        { "Endpoint:GatewayPort=11111", "Endpoint:GatewayPort is 11111, as is SiloPort" },
        { "Endpoint:Name= ", "Endpoint:Name is empty" },
        { "Hosting:ShutdownTimeout=00:00:00", "Hosting:ShutdownTimeout is 00:00:00" },
        { "Hosting:LogFormat=9", "Hosting:LogFormat is 9" },
        { "Hosting:LogFile= ", "Hosting:LogFile is empty" },
        { "Hosting:OwnerLock=/nowhere/owner.lock", "Hosting:OwnerLock '/nowhere/owner.lock'" },
        { "Hosting:Detached=maybe", "Hosting:Detached is 'maybe'" },
        { "Attention:ComputeThreads=0", "ComputeThreads" },
        { "Attention:MemoryBudgetBytes=-1", "MemoryBudgetBytes" },
        { "Attention:Replicas=3", "Replicas: 3 is not 1 or 2" },
        { "Attention:Replicas=2", "Attention:Replicas is 2: second copies are read from a storage" },
        { "Attention:HedgeTime=00:00:00", "HedgeTime" },
        { "Attention:WatchInterval=-00:00:01", "WatchInterval" },
        { "Attention:Threads=2", "there is no option Attention:Threads" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void NamesTheOption(string option, string expected)
    {
        OptionsValidationException error = Assert.Throws<OptionsValidationException>(() => SiloHost.CreateBuilder([$"--{option}"]));
        Assert.Contains(expected, Assert.Single(error.Failures), StringComparison.Ordinal);
    }

    [Fact]
    public void NamesEveryOptionThatIsWrong()
    {
        OptionsValidationException error = Assert.Throws<OptionsValidationException>(
            () => SiloHost.CreateBuilder(["--silo-port", "0", "--folder", "", "--shutdown-timeout", "x"]));
        Assert.Equal(3, error.Failures.Count());
    }

    [Fact]
    public void StorageIsInOnePlace()
    {
        OptionsValidationException error = Assert.Throws<OptionsValidationException>(
            () => SiloHost.CreateBuilder(["--storage", "here", "--storage-connection-string", "Host=there"]));
        Assert.Contains("Storage:ConnectionString is set, but Mode File keeps nothing there", Assert.Single(error.Failures), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--foo", "unknown option '--foo'")]
    [InlineData("up", "unknown option 'up'")]
    [InlineData("--folder", "--folder needs a value")]
    public void RefusesWhatIsNoOption(string argument, string expected)
    {
        OptionsValidationException error = Assert.Throws<OptionsValidationException>(() => SiloHost.CreateBuilder([argument]));
        Assert.Equal(expected, Assert.Single(error.Failures));
    }

    [Fact]
    public void TheDefaultsAreRight()
    {
        Assert.True(new ClusteringOptionsValidator().Validate(null, new ClusteringOptions { Folder = "f" }).Succeeded);
        Assert.True(new EndpointOptionsValidator().Validate(null, new EndpointOptions()).Succeeded);
        Assert.True(new HostingOptionsValidator().Validate(null, new HostingOptions()).Succeeded);
    }
}
