using System.Security.Cryptography;
using DistAttention.Cli.Tests.Running;
using DistAttention.Client;
using DistAttention.Contracts.Access;
using DistAttention.Contracts.Tls;
using DistAttention.Silo.Tests.Cluster;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace DistAttention.Silo.Tests.Security;

/// <summary>What must be known to nobody stays out of logs, messages and errors, at every level.</summary>
[Collection(SecureCollection.Name)]
public sealed class SecretTests(SecureCluster cluster)
{
    private const string Password = "hunter2-the-password";

    [Fact]
    public async Task NoSecretIsLogged()
    {
        ApiToken unknown = SecureCluster.NewToken("a");
        AccessDeniedException refused = await Assert.ThrowsAsync<AccessDeniedException>(() => cluster.ConnectAsync(unknown));
        await using DistAttentionClient client = await cluster.ConnectAsync(cluster.A);
        IAttentionSequence sequence = await client.CreateSequenceAsync("secret", new SequenceSpec { HeadDim = 8 });
        await sequence.AppendAsync(new float[8], new float[8]);
        await sequence.AttendAsync(new float[8]);
        await client.DeleteSequenceAsync("secret");

        string logs = string.Join('\n', cluster.Logs.Lines);
        Assert.Contains("security: TLS mutual, 4 tokens of 3 tenants", logs, StringComparison.Ordinal);
        Assert.Contains("refused a call", logs, StringComparison.Ordinal);
        Assert.True(cluster.Logs.Lines.Count > 300, $"only {cluster.Logs.Lines.Count} lines: the level is not the lowest");
        string[] secrets =
        [
            cluster.ClusterKey,
            .. new[] { cluster.A, cluster.B, cluster.Reader, cluster.Admin, unknown }.Select(static t => t.Text!.Split('_', 3)[2]),
            .. File.ReadAllLines(cluster.SiloTls.KeyFile!).Where(static line => !line.StartsWith("-----", StringComparison.Ordinal)),
        ];
        foreach (string secret in secrets.Where(static s => s.Length > 8))
        {
            Assert.DoesNotContain(secret, logs, StringComparison.Ordinal);
            Assert.DoesNotContain(secret, $"{refused}", StringComparison.Ordinal);
        }

        Assert.Equal("distattn_a_…", $"{cluster.A}");
    }

    [Theory]
    [InlineData("--storage-connection-string")]
    [InlineData("--connection-string")]
    public async Task APasswordInAConnectionStringIsNotLogged(string option)
    {
        LogCapture logs = new();
        string text = "";
        try
        {
            HostApplicationBuilder builder = SiloHost.CreateBuilder(
            [
                .. option == "--connection-string" ? (string[])["--mode", "PostgreSql"] : ["--folder", Path.Combine(cluster.Folder, "other-members")],
                option, $"Host=127.0.0.1;Port=1;Timeout=1;Username=distattn;Database=d;Password={Password}",
                "--silo-port", $"{FreePort.Next()}", "--gateway-port", $"{FreePort.Next()}",
            ]);
            builder.Logging.ClearProviders();
            builder.Services.PostConfigure<LoggerFilterOptions>(static filter =>
            {
                filter.Rules.Clear(); // those of appsettings.json
                filter.MinLevel = LogLevel.Trace;
            });
            builder.Services.AddSingleton<ILoggerProvider>(logs);
            using IHost silo = builder.Build();
            using CancellationTokenSource timer = new(TimeSpan.FromSeconds(3));
            await silo.StartAsync(timer.Token);
        }
        catch (Exception error)
        {
            text = $"{error}";
        }

        Assert.NotEqual("", text); // nobody is at that port
        Assert.DoesNotContain(Password, text, StringComparison.Ordinal);
        Assert.All(logs.Lines, static line => Assert.DoesNotContain(Password, line, StringComparison.Ordinal));
    }

    [Fact]
    public void WrongOptionsAreNamedWithoutTheirSecrets()
    {
        string token = SecureCluster.NewToken("a").Text!;
        InvalidSpecException client = Assert.Throws<InvalidSpecException>(() => new DistAttentionClientOptions { Token = token + "x" }.Validate());
        Assert.StartsWith("Token", client.Property, StringComparison.Ordinal);
        Assert.DoesNotContain(token[11..], client.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheCommandLineTakesThemFromFilesAndTheEnvironment()
    {
        TlsSettings tls = cluster.ClientTls;
        string config = Path.Combine(cluster.Folder, "client.json");
        File.WriteAllText(config, $$"""
            { "Token": "{{cluster.A.Text}}", "Tls": { "CertificateFile": "{{tls.CertificateFile}}", "KeyFile": "{{tls.KeyFile}}", "CaFile": "{{tls.CaFile}}", "SiloName": "{{SecureCluster.SiloName}}" } }
            """);
        string[] status = ["cluster", "status", "--json", "--cluster", $"{cluster.Gateways[0]}"];
        Task<Ended> tenant = Distattn.RunAsync([("DISTATTN_CONFIG", config)], status);
        Task<Ended> nobody = Distattn.RunAsync([("DISTATTN_Tls__SiloName", SecureCluster.SiloName)], [.. status, "--tls-cert", tls.CertificateFile!, "--tls-key", tls.KeyFile!, "--tls-ca", tls.CaFile!]);
        Assert.Equal(2, (await tenant).Ok().Json["silos"]!.AsArray().Count);
        Assert.Equal(1, (await nobody).ExitCode);
        Assert.Contains("Access denied: the call carries no token", (await nobody).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ANewTokenFitsTheLineForSilos()
    {
        Ended made = (await Distattn.RunAsync("token", "new", "--tenant", "acme", "--rights", "Read", "--json")).Ok();
        Assert.True(ApiToken.TryParse((string)made.Json["token"]!, out ApiToken token));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.ASCII.GetBytes(token.Text!))), (string)made.Json["sha256"]!);
        Assert.Equal(("acme", "Read"), ((string)made.Json["tenant"]!, (string)made.Json["rights"]!));
    }
}
