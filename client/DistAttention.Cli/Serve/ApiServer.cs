using System.Net;
using DistAttention.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace DistAttention.Cli.Serve;

/// <summary>A web server with the API and nothing else. Signals are the program's, not its.</summary>
internal static class ApiServer
{
    /// <summary>How long requests in progress may go on after the end was asked for.</summary>
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(4);

    /// <summary>Serves until it is cancelled, which is how it ends well.</summary>
    /// <param name="at">Where it listens.</param>
    /// <param name="access">Tells callers apart.</param>
    /// <param name="listening">Told the address once it listens.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task RunAsync(IPEndPoint at, ICallerAccess access, Action<string> listening, CancellationToken cancellationToken)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.ForAttentionApi();
            kestrel.Listen(at);
        });
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.Services.Configure<HostOptions>(static o => o.ShutdownTimeout = _patience);
        builder.Logging.AddFilter(static level => level >= LogLevel.Warning).AddSimpleConsole(static o => o.SingleLine = true);
        builder.Services.Configure<ConsoleLoggerOptions>(static o => o.LogToStandardErrorThreshold = LogLevel.Trace);
        WebApplication app = builder.Build();
        await using (app.ConfigureAwait(false))
        {
            app.MapAttentionApi(access);
            await app.StartAsync(cancellationToken).ConfigureAwait(false);
            listening(app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.First());
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await app.StopAsync(CancellationToken.None).ConfigureAwait(false);
        }
    }

    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
