using System.Net.Http.Headers;
using DistAttention.Silo.Tests.Cluster;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace DistAttention.Silo.Tests.Admin;

/// <summary>One silo of this process, wired as the program wires it, with an admin port.</summary>
internal sealed class AdminSilo : IAsyncDisposable
{
    public const string Token = "a secret of the tests";

    private AdminSilo(IHost host, Uri url, int gatewayPort)
    {
        Host = host;
        Url = url;
        GatewayPort = gatewayPort;
        Http = NewClient();
        Authorized = NewClient();
        Authorized.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);
    }

    public IHost Host { get; }

    public Uri Url { get; }

    public int GatewayPort { get; }

    /// <summary>Shows no token, keeps no cookies and follows nothing.</summary>
    public HttpClient Http { get; }

    public HttpClient Authorized { get; }

    /// <summary>A silo that has not been started.</summary>
    public static AdminSilo Build(Action<IServiceCollection>? configure = null, params string[] more)
    {
        (int siloPort, int gatewayPort, int adminPort) = (FreePort.Next(), FreePort.Next(), FreePort.Next());
        HostApplicationBuilder builder = SiloHost.CreateBuilder(
        [
            "--mode", "Development", "--silo-port", $"{siloPort}", "--gateway-port", $"{gatewayPort}", "--admin-port", $"{adminPort}",
            "--compute-threads", "1", "--memory-budget", "64000000", .. more,
        ]);
        builder.Logging.ClearProviders();
        configure?.Invoke(builder.Services);
        bool isSecure = more.Contains("--tls-cert");
        return new AdminSilo(builder.Build(), new Uri($"{(isSecure ? "https" : "http")}://127.0.0.1:{adminPort}"), gatewayPort);
    }

    public static async Task<AdminSilo> StartAsync(Action<IServiceCollection>? configure = null, params string[] more)
    {
        AdminSilo silo = Build(configure, more);
        await silo.Host.StartAsync();
        return silo;
    }

    /// <summary>Status code and body of an answer.</summary>
    public async Task<(int Status, string Body)> GetAsync(string path, HttpClient? client = null)
    {
        using HttpResponseMessage answer = await (client ?? Http).GetAsync(path);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        Authorized.Dispose();
        await Host.StopAsync();
        Host.Dispose();
    }

    private HttpClient NewClient() => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        SslOptions = { RemoteCertificateValidationCallback = static (_, _, _, _) => true },
    })
    { BaseAddress = Url, Timeout = TimeSpan.FromSeconds(30) };
}
