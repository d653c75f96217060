using System.Net;
using DistAttention.Contracts.Tls;
using DistAttention.Silo.Admin.Access;
using DistAttention.Silo.Admin.Dashboard;
using DistAttention.Silo.Admin.Health;
using DistAttention.Silo.Admin.Listening;
using DistAttention.Silo.Admin.Metrics;
using Microsoft.AspNetCore.Builder;

namespace DistAttention.Silo.Admin;

/// <summary>What the admin port answers.</summary>
internal sealed class AdminSurface(AdminOptions options, TlsSettings tls, SiloHealth health, SiloMetrics metrics, AdminAccess access, DashboardEndpoints dashboard) : IHttpSurface
{
    /// <summary>Nothing that is sent here is large.</summary>
    private const int MaxBodyBytes = 64 << 10;

    public HttpListen Listen { get; } = new(AdminOptions.Section, IPAddress.Parse(options.Address), options.Port!.Value, options.Https ?? tls.IsOn)
    {
        Limit = static limits => limits.MaxRequestBodySize = MaxBodyBytes,
    };

    public void Map(WebApplication app)
    {
        app.Use(DashboardSecurity.AddHeaders);
        app.MapHealth(health);
        app.MapMetrics(metrics, options, access);
        dashboard.Map(app);
    }
}
