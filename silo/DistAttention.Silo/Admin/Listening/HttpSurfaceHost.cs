using System.Net.Security;
using DistAttention.Contracts.Tls;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace DistAttention.Silo.Admin.Listening;

/// <summary>
/// Runs the server of one surface as a part of the silo: signals, exit codes and the time that a stop may take stay the silo's. Log
/// lines go where those of the silo go.
/// </summary>
internal sealed partial class HttpSurfaceHost(IHttpSurface surface, Func<TlsChannel> tls, ILoggerFactory loggers) : IHostedService, IAsyncDisposable
{
    /// <summary>How long a stop waits for answers under way; streams have ended by then.</summary>
    private static readonly TimeSpan _drainTime = TimeSpan.FromSeconds(3);

    private WebApplication? _app;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        HttpListen listen = surface.Listen;
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Services.Replace(ServiceDescriptor.Singleton(loggers));
        builder.Services.Replace(ServiceDescriptor.Singleton<IHostLifetime, NoLifetime>());
        builder.Services.Configure<HostOptions>(static host => host.ShutdownTimeout = _drainTime);
        builder.Services.AddRoutingCore();
        surface.AddServices(builder.Services);
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => Configure(kestrel, listen));
        _app = builder.Build();
        surface.Map(_app);
        await _app.StartAsync(cancellationToken).ConfigureAwait(false);
        LogListening(loggers.CreateLogger<HttpSurfaceHost>(), listen.Section, listen.Url);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_app is { } app)
        {
            await app.StopAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_app is { } app)
        {
            await app.DisposeAsync().ConfigureAwait(false);
        }
    }

    private void Configure(KestrelServerOptions kestrel, HttpListen listen)
    {
        kestrel.AddServerHeader = false;
        listen.Limit(kestrel.Limits);
        kestrel.Listen(listen.Address, listen.Port, endPoint =>
        {
            if (listen.IsSecure)
            {
                TlsChannel channel = tls();
                endPoint.UseHttps(new TlsHandshakeCallbackOptions { OnConnection = _ => new ValueTask<SslServerAuthenticationOptions>(channel.ServerOptions()) });
            }
        });
    }

    /// <summary>Nobody but the silo ends it.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
