using DistAttention.Contracts.Tls;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace DistAttention.Silo.Admin.Listening;

/// <summary>Adds HTTP listeners to the silo.</summary>
internal static class HttpSurfaceExtensions
{
    /// <summary>
    /// Adds a listener. It starts after the services registered before this call and stops before them: one registered before Orleans
    /// answers while the silo starts and while it drains, one registered after it only while the silo takes calls.
    /// </summary>
    /// <param name="services">The silo's services.</param>
    /// <typeparam name="TSurface">What it answers.</typeparam>
    public static void AddHttpSurface<TSurface>(this IServiceCollection services)
        where TSurface : class, IHttpSurface
    {
        services.TryAddSingleton<TSurface>();
        services.AddSingleton<IHostedService>(static s => new HttpSurfaceHost(
            s.GetRequiredService<TSurface>(), () => s.GetRequiredService<TlsChannel>(), s.GetRequiredService<ILoggerFactory>()));
    }
}
