using DistAttention.Contracts.Tls;
using DistAttention.Grains;
using DistAttention.Silo.Admin.Listening;
using Microsoft.Extensions.DependencyInjection;

namespace DistAttention.Silo.Http;

/// <summary>Adds the HTTP API.</summary>
internal static class HttpApiExtensions
{
    /// <summary>Adds the listener where a port is named. To be called after Orleans is added: it takes calls only while the silo does.</summary>
    public static void AddHttpApi(this IServiceCollection services, HttpOptions options, TlsSettings tls, AccessOptions access)
    {
        if (!options.IsOn)
        {
            return;
        }

        services.AddSingleton(s => new ClusterAccess(s.GetRequiredService<IClusterClient>(), access.IsOn ? s.GetRequiredService<TokenCallers>() : null));
        services.AddSingleton(s => new HttpApiSurface(options, options.Https ?? tls.IsOn, s.GetRequiredService<ClusterAccess>()));
        services.AddHttpSurface<HttpApiSurface>();
    }
}
