using DistAttention.Silo.Admin.Health;
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
        services.AddSingleton<OwnerPresence>();
        services.AddSingleton<HandOver>();
        services.AddHostedService(static s => s.GetRequiredService<HandOver>());
        services.AddSingleton<IReadinessCondition>(static s => s.GetRequiredService<HandOver>());
        services.AddHostedService<ReadyLine>();
        services.AddHostedService<ShutdownLimit>();
        if (options.OwnerLock is not null)
        {
            services.AddHostedService<OwnerWatch>();
        }
    }
}
