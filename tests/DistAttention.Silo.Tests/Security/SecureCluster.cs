using System.Net;
using System.Security.Cryptography;
using DistAttention.Client;
using DistAttention.Contracts.Access;
using DistAttention.Contracts.Tls;
using DistAttention.Silo.Tests.Cluster;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace DistAttention.Silo.Tests.Security;

/// <summary>Two silos of this process with mutual TLS and tokens, wired as the program wires them, every line of their logs kept.</summary>
public sealed class SecureCluster : IAsyncLifetime
{
    public const string SiloName = "silos.test";

    private readonly List<IHost> _silos = [];

    internal IEnumerable<IServiceProvider> Silos => _silos.Select(static s => s.Services);

    internal string Folder { get; } = Directory.CreateTempSubdirectory("distattn-secure-").FullName;

    internal TestAuthority Authority { get; private set; } = null!;

    internal LogCapture Logs { get; } = new();

    internal List<IPEndPoint> Gateways { get; } = [];

    internal List<IPEndPoint> SiloEndPoints { get; } = [];

    /// <summary>Where each silo serves the HTTP API.</summary>
    internal List<Uri> Apis { get; } = [];

    internal TlsSettings SiloTls { get; private set; } = null!;

    internal TlsSettings ClientTls { get; private set; } = null!;

    internal string ClusterKey { get; } = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));

    /// <summary>Of tenants a and b, who may read and write.</summary>
    internal ApiToken A { get; } = NewToken("a");

    internal ApiToken B { get; } = NewToken("b");

    /// <summary>Of tenant a, who may only read.</summary>
    internal ApiToken Reader { get; } = NewToken("a");

    internal ApiToken Admin { get; } = NewToken("ops");

    public async Task InitializeAsync()
    {
        Authority = new TestAuthority(Folder, "authority");
        SiloTls = Authority.Issue("silo", SiloName);
        SiloTls.SiloName = SiloName;
        ClientTls = Authority.Issue("client");
        ClientTls.SiloName = SiloName;
        for (int i = 1; i <= 2; i++)
        {
            await StartSiloAsync($"silo-{i}");
        }
    }

    public async Task DisposeAsync()
    {
        foreach (IHost silo in _silos)
        {
            await silo.StopAsync();
            silo.Dispose();
        }

        Authority.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    internal static ApiToken NewToken(string tenant) =>
        TenantName.TryParse(tenant, out TenantName name) ? ApiToken.New(name) : throw new ArgumentException(tenant, nameof(tenant));

    internal DistAttentionClientOptions Options(ApiToken? token) => new()
    {
        Gateways = { Gateways[0], Gateways[1] },
        Token = token?.Text,
        Tls = ClientTls,
        ConnectTimeout = TimeSpan.FromSeconds(40),
    };

    internal Task<DistAttentionClient> ConnectAsync(ApiToken? token) => DistAttentionClient.ConnectAsync(Options(token));

    private async Task StartSiloAsync(string name)
    {
        (int siloPort, int gatewayPort, int httpPort) = (FreePort.Next(), FreePort.Next(), FreePort.Next());
        List<string> arguments =
        [
            "--folder", Path.Combine(Folder, "members"), "--storage", Path.Combine(Folder, "sequences"), "--name", name,
            "--silo-port", $"{siloPort}", "--gateway-port", $"{gatewayPort}", "--http-port", $"{httpPort}", "--compute-threads", "1",
            "--tls-cert", SiloTls.CertificateFile!, "--tls-key", SiloTls.KeyFile!, "--tls-ca", SiloTls.CaFile!, "--tls-silo-name", SiloName,
            "--Tls:ReloadInterval", "00:00:00", "--Tls:HandshakeTimeout", "00:00:03", "--Attention:PreambleTimeout", "00:00:01",
            "--Logging:LogLevel:Default", "Trace", "--Access:ClusterKey", ClusterKey,
        ];
        (ApiToken Token, Rights Rights)[] tokens = [(A, Rights.Read | Rights.Write), (B, Rights.Read | Rights.Write), (Reader, Rights.Read), (Admin, Rights.Read | Rights.Admin)];
        for (int i = 0; i < tokens.Length; i++)
        {
            string at = $"--Access:Tokens:{i}:";
            arguments.AddRange([at + "Tenant", $"{tokens[i].Token.Tenant}", at + "Sha256", Convert.ToHexString(tokens[i].Token.Hash()), at + "Rights", $"{tokens[i].Rights}"]);
        }

        HostApplicationBuilder builder = SiloHost.CreateBuilder([.. arguments]);
        builder.Logging.ClearProviders();
        builder.Services.PostConfigure<LoggerFilterOptions>(static filter =>
        {
            filter.Rules.Clear(); // those of appsettings.json
            filter.MinLevel = LogLevel.Trace;
        });
        builder.Services.AddSingleton<ILoggerProvider>(Logs);
        IHost silo = builder.Build();
        _silos.Add(silo);
        await silo.StartAsync();
        SiloEndPoints.Add(new IPEndPoint(IPAddress.Loopback, siloPort));
        Gateways.Add(new IPEndPoint(IPAddress.Loopback, gatewayPort));
        Apis.Add(new Uri($"https://127.0.0.1:{httpPort}"));
    }
}

/// <summary>Tests that share one secure cluster.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class SecureCollection : ICollectionFixture<SecureCluster>
{
    public const string Name = "A secure cluster";
}
