using DistAttention.Contracts.Tls;
using DistAttention.Grains;
using DistAttention.Silo.Admin.Health;
using DistAttention.Silo.Admin.Listening;
using Microsoft.Extensions.DependencyInjection;

namespace DistAttention.Silo.Admin;

/// <summary>Adds what those who run the silo look at.</summary>
internal static class AdminExtensions
{
    /// <summary>Adds the listener where a port is named. To be called before Orleans is added: it answers from before the silo joins until after it has left.</summary>
    public static void AddAdmin(this IServiceCollection services, AdminOptions options, TlsSettings tls, AccessOptions access)
    {
        if (!options.IsOn)
        {
            return;
        }

        services.AddSingleton(new AdminTokens(options, access));
        services.AddSingleton<SiloHealth>();
        services.AddSingleton(s => ActivatorUtilities.CreateInstance<AdminSurface>(s, options, tls));
        services.AddHttpSurface<AdminSurface>();
    }
}
