using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace DistAttention.Silo.Admin.Listening;

/// <summary>
/// What one HTTP listener of the silo answers. Each has a server of its own, so that no path, limit or service of one is reached through
/// another's port. Registered with <see cref="HttpSurfaceExtensions.AddHttpSurface{TSurface}"/>; takes what it needs of the silo by its constructor.
/// </summary>
internal interface IHttpSurface
{
    /// <summary>Where it listens.</summary>
    HttpListen Listen { get; }

    /// <summary>Adds what its handlers ask their own container for; the silo's services are not in it.</summary>
    /// <param name="services">The container of this listener, with routing.</param>
    void AddServices(IServiceCollection services)
    {
    }

    /// <summary>Maps its endpoints and middleware.</summary>
    /// <param name="app">The application of this listener; its lifetime ends, with the silo's stop, before connections are waited for.</param>
    void Map(WebApplication app);
}
