using System.Net.Sockets;
using System.Text.Json.Nodes;
using DistAttention.Engine;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;

namespace DistAttention.Http.Tests.Serving;

/// <summary>The API on a real socket of this process. Every answer is held against the document: its status, and its parameters' names, must be there.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private int _connections;

    private TestServer(WebApplication app)
    {
        _app = app;
        Url = new Uri(app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.Single());
        Http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, MaxConnectionsPerServer = 1, ConnectCallback = ConnectAsync }) { BaseAddress = Url, Timeout = TimeSpan.FromSeconds(60) };
    }

    public Uri Url { get; }

    /// <summary>One connection at a time.</summary>
    public HttpClient Http { get; }

    /// <summary>Connections that <see cref="Http"/> has made.</summary>
    public int Connections => _connections;

    public IServiceProvider Services => _app.Services;

    public EmbeddedAttention? Engine { get; private init; }

    public static Task<TestServer> StartAsync(AttentionHttpOptions? options = null, EmbeddedOptions? engine = null)
    {
        EmbeddedAttention embedded = new(engine ?? new EmbeddedOptions { ComputeThreads = 2 });
        return StartAsync(new EmbeddedAccess(embedded), options, embedded);
    }

    public static async Task<TestServer> StartAsync(ICallerAccess access, AttentionHttpOptions? options = null, EmbeddedAttention? engine = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0").ConfigureKestrel(static k => k.Limits.ForAttentionApi());
        builder.Services.AddRoutingCore();
        WebApplication app = builder.Build();
        app.MapAttentionApi(access, options);
        await app.StartAsync();
        return new TestServer(app) { Engine = engine };
    }

    /// <summary>Sends a request and takes the whole answer.</summary>
    public async Task<Answer> SendAsync(string method, string address, HttpContent? content = null, params (string Name, string Value)[] headers)
    {
        using HttpRequestMessage request = new(new HttpMethod(method), new Uri(address, UriKind.Relative)) { Content = content };
        foreach ((string name, string value) in headers)
        {
            Assert.True(request.Headers.TryAddWithoutValidation(name, value), name);
        }

        using HttpResponseMessage response = await Http.SendAsync(request);
        Answer answer = new((int)response.StatusCode, response, await response.Content.ReadAsByteArrayAsync());
        Documented.Require(method, address, answer);
        return answer;
    }

    public Task<Answer> GetAsync(string address) => SendAsync("GET", address);

    /// <summary>Makes a sequence.</summary>
    public async Task CreateAsync(string id, string spec) =>
        (await SendAsync("PUT", $"/v1/sequences/{Uri.EscapeDataString(id)}", Sent.Json(spec))).Is(201);

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
        if (Engine is not null)
        {
            await Engine.DisposeAsync();
        }
    }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _connections);
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
        return new NetworkStream(socket, ownsSocket: true);
    }
}

/// <summary>A whole answer.</summary>
internal sealed record Answer(int Status, HttpResponseMessage Message, byte[] Body)
{
    public JsonNode Json => JsonNode.Parse(Body)!;

    public string Text => System.Text.Encoding.UTF8.GetString(Body);

    public string? ContentType => Message.Content.Headers.ContentType?.ToString();

    public Answer Is(int status)
    {
        Assert.True(Status == status, $"{Status} instead of {status}: {Text}");
        return this;
    }

    /// <summary>It is a problem of a kind, and says nothing of the inside.</summary>
    public JsonNode Problem(int status, string kind)
    {
        Is(status);
        Assert.Equal("application/problem+json", ContentType);
        Assert.Equal($"/v1/problems/{kind}", (string?)Json["type"]);
        Assert.Equal(status, (int?)Json["status"]);
        Assert.DoesNotContain("   at ", Text, StringComparison.Ordinal);
        return Json;
    }

    public string? Header(string name) =>
        Message.Headers.TryGetValues(name, out IEnumerable<string>? values) || Message.Content.Headers.TryGetValues(name, out values) ? string.Join(", ", values) : null;
}
