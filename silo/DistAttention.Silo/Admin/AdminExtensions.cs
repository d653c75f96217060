using DistAttention.Contracts.Tls;
using DistAttention.Silo.Admin.Access;
using DistAttention.Silo.Admin.Dashboard;
using DistAttention.Silo.Admin.Health;
using DistAttention.Silo.Admin.Listening;
using DistAttention.Silo.Admin.Metrics;
using DistAttention.Silo.Admin.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace DistAttention.Silo.Admin;

/// <summary>Adds what those who run the silo look at.</summary>
internal static class AdminExtensions
{
    /// <summary>Adds the listener where a port is named. To be called before Orleans is added: it answers from before the silo joins until after it has left.</summary>
    public static void AddAdmin(this IServiceCollection services, AdminOptions options, TlsSettings tls)
    {
        if (!options.IsOn)
        {
            return;
        }

        services.AddSingleton(options);
        services.AddSingleton(new AdminTokens(options));
        services.AddSingleton<AdminAccess>();
        services.AddSingleton<SiloHealth>();
        services.AddSingleton<SiloMetrics>();
        services.AddSingleton<SiloIdentity>();
        services.AddSingleton<SequenceList>();
        services.AddSingleton<ClusterWatch>();
        services.AddSingleton<Probe>();
        services.AddSingleton<DashboardEndpoints>();
        services.AddSingleton(s => ActivatorUtilities.CreateInstance<AdminSurface>(s, tls));
        services.AddHttpSurface<AdminSurface>();
    }

    /// <summary>Sends metrics and traces where a collector is named.</summary>
    public static void AddTelemetry(this IServiceCollection services, TelemetryOptions options)
    {
        if (options.IsOn)
        {
            services.AddSingleton<IHostedService>(s => ActivatorUtilities.CreateInstance<OtlpExport>(s, options));
        }
    }
}
