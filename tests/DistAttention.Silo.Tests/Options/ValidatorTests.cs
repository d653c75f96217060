using DistAttention.Silo.Admin;
using DistAttention.Silo.Admin.Telemetry;
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
        { "Attention:PreambleTimeout=00:00:00", "PreambleTimeout" },
        { "Tls:SiloName=silos.test;Tls:CaFile=/dev/null", "Tls:CertificateFile is empty" },
        { "Tls:CertificateFile=/nowhere.pem;Tls:CaFile=/dev/null", "Tls:CertificateFile '/nowhere.pem' does not exist" },
        { "Tls:CertificateFile=/dev/null;Tls:CaFile=/nowhere.pem", "Tls:CaFile '/nowhere.pem' does not exist" },
        { "Tls:CertificateFile=/dev/null;Tls:CaFile=/dev/null;Tls:KeyFile=/nowhere.pem", "Tls:KeyFile '/nowhere.pem' does not exist" },
        { "Tls:CertificateFile=/dev/null;Tls:CaFile=/dev/null", "Tls:CertificateFile '/dev/null' holds no certificate" },
        { "Tls:CertificateFile=/dev/null;Tls:CaFile=/dev/null;Tls:SiloName=a b", "Tls:SiloName 'a b' is not a DNS name" },
        { "Tls:CertificateFile=/dev/null;Tls:CaFile=/dev/null;Tls:HandshakeTimeout=00:00:00", "Tls:HandshakeTimeout is 00:00:00" },
        { "Tls:Certificate=x", "there is no option Tls:Certificate" },
        { $"{Token(0)};{Key};Access:Tokens:0:Tenant=A", "Access:Tokens:0:Tenant 'A'" },
        { $"{Token(0)};{Key};Access:Tokens:0:Sha256=12", "Access:Tokens:0:Sha256 is not 64" },
        { $"{Token(0)};{Token(1)};{Key}", "Access:Tokens:1:Sha256 is that of another token" },
        { $"{Token(0)};{Key};Access:Tokens:0:Rights=None", "Access:Tokens:0:Rights is None" },
        { $"{Token(0)};{Key};Access:Tokens:0:Rights=Everything", "Access:Tokens cannot be read" },
        { $"{Token(0)};{Key};Access:Tokens:0:Right=Read", "Access:Tokens cannot be read" },
        { $"{Key};Access:Tokens=x", "Access:Tokens cannot be read" },
        { Token(0), "Access:ClusterKey is not at least 32 bytes" },
        { $"{Token(0)};Access:ClusterKey=c2hvcnQ=", "Access:ClusterKey is not at least 32 bytes" },
        { Key, "Access:ClusterKey is set, but there is no token" },
        { "Access:Key=x", "there is no option Access:Key" },
        { "Admin:Port=0", "Admin:Port is 0" },
        { "Admin:Port=http", "Admin:Port is 'http'; it must be a number" },
        { "Admin:Port=11111", "Admin:Port is 11111, as is a port of Endpoint" },
        { "Admin:Address=here", "Admin:Address 'here'" },
        { "Admin:Token=short", "Admin:Token has fewer than 16 characters" },
        { "Admin:TokenFile=/nowhere.token", "Admin:TokenFile '/nowhere.token' does not exist" },
        { "Admin:TokenFile=/dev/null;Admin:Token=0123456789abcdef", "Admin:TokenFile is set, and so is Token" },
        { "Admin:MetricsNeedToken=true", "Admin:MetricsNeedToken is true, but there is neither" },
        { "Admin:Https=true", "Admin:Https is true, but Tls names no certificate" },
        { "Admin:OrleansDashboardUrl=there", "Admin:OrleansDashboardUrl 'there' is not an address" },
        { "Telemetry:OtlpEndpoint=collector:4317", "Telemetry:OtlpEndpoint 'collector:4317' is not an address" },
        { "Telemetry:OtlpProtocol=Json", "Telemetry:OtlpProtocol is 'Json'; it must be one of Grpc, HttpProtobuf" },
        { "Telemetry:TraceShare=2", "Telemetry:TraceShare is 2" },
        { "Telemetry:MetricsEvery=00:00:00", "Telemetry:MetricsEvery is 00:00:00" },
        { "Admin:Ports=1", "there is no option Admin:Ports" },
        { "Attention:Threads=2", "there is no option Attention:Threads" },
    };

    private static string Key { get; } = "Access:ClusterKey=" + Convert.ToBase64String(new byte[32]);

    private static string Token(int index) => $"Access:Tokens:{index}:Tenant=a;Access:Tokens:{index}:Sha256={new string('0', 64)}";

    [Theory]
    [MemberData(nameof(Wrong))]
    public void NamesTheOption(string option, string expected)
    {
        OptionsValidationException error = Assert.Throws<OptionsValidationException>(() => SiloHost.CreateBuilder([.. option.Split(';').Select(static o => $"--{o}")]));
        Assert.Contains(expected, error.Failures.First(), StringComparison.Ordinal);
        Assert.True(error.Failures.Count() == 1 || expected.EndsWith("cannot be read", StringComparison.Ordinal), error.Message);
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
        Assert.True(new AdminOptionsValidator().Validate(null, new AdminOptions()).Succeeded);
        Assert.True(new TelemetryOptionsValidator().Validate(null, new TelemetryOptions()).Succeeded);
        Assert.True(new HostingOptionsValidator().Validate(null, new HostingOptions()).Succeeded);
    }
}
