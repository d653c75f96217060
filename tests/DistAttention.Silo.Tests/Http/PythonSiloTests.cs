using System.Security.Cryptography;
using DistAttention.Contracts.Access;
using DistAttention.Silo.Tests.Cluster;
using DistAttention.Silo.Tests.Security;
using DistAttention.Testing.Python;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace DistAttention.Silo.Tests.Http;

/// <summary>A test that needs a Python with numpy.</summary>
public sealed class PythonFactAttribute : FactAttribute
{
    public PythonFactAttribute() => Skip = Interpreter.WhyNot;
}

/// <summary>The tests of the Python client against a silo that asks for a token: 100,000 positions with the bits of the command line among them.</summary>
public sealed class PythonSiloTests
{
    [PythonFact]
    public async Task TheClientsTestsPassAgainstASilo()
    {
        (int siloPort, int gatewayPort, int httpPort) = (FreePort.Next(), FreePort.Next(), FreePort.Next());
        ApiToken token = SecureCluster.NewToken("python");
        HostApplicationBuilder builder = SiloHost.CreateBuilder(
        [
            "--mode", "Development", "--silo-port", $"{siloPort}", "--gateway-port", $"{gatewayPort}", "--http-port", $"{httpPort}", "--memory-budget", "1000000000",
            "--Access:ClusterKey", Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)), "--Access:Tokens:0:Tenant", "python", "--Access:Tokens:0:Sha256", Convert.ToHexString(token.Hash()),
        ]);
        builder.Logging.ClearProviders();
        using IHost silo = builder.Build();
        await silo.StartAsync();
        (int exitCode, string said) = await ClientTests.RunAsync(("DISTATTN_URL", $"http://127.0.0.1:{httpPort}"), ("DISTATTN_TOKEN", token.Text!));
        await silo.StopAsync();
        Assert.True(exitCode == 0, said);
        Assert.DoesNotContain("(skipped", said, StringComparison.Ordinal);
    }
}
