using DistAttention.Silo.Options;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace DistAttention.Silo.Lifetime;

/// <summary>How the process starts, tells that it is ready, and ends.</summary>
internal static class SiloLifetimeExtensions
{
    public static void AddSiloLifetime(this IServiceCollection services, HostingOptions options)
    {
        services.Configure<HostOptions>(host => host.ShutdownTimeout = options.ShutdownTimeout);
        services.AddSingleton<IHostLifetime, SignalLifetime>();
        services.AddHostedService<ReadyLine>();
        services.AddHostedService<ShutdownLimit>();
        if (options.OwnerLock is not null)
        {
            services.AddHostedService<OwnerWatch>();
        }
    }
}
