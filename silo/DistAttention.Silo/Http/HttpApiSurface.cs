using System.Net;
using DistAttention.Silo.Admin.Listening;
using Microsoft.AspNetCore.Builder;

namespace DistAttention.Silo.Http;

/// <summary>What the API's port answers.</summary>
internal sealed class HttpApiSurface(HttpOptions options, bool isSecure, ClusterAccess access) : IHttpSurface
{
    public HttpListen Listen { get; } = new(HttpOptions.Section, IPAddress.Parse(options.Address), options.Port!.Value, isSecure)
    {
        Limit = static limits => limits.ForAttentionApi(),
    };

    public void Map(WebApplication app) => app.MapAttentionApi(access, options);
}
