using DistAttention.Contracts.Tls;
using DistAttention.Grains;
using DistAttention.Silo.Admin;
using DistAttention.Silo.Admin.Telemetry;
using DistAttention.Silo.Clustering;
using DistAttention.Silo.Http;
using DistAttention.Silo.Lifetime;
using DistAttention.Silo.Logging;
using DistAttention.Silo.Options;
using DistAttention.Silo.Storage;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace DistAttention.Silo;

/// <summary>Puts a silo together from its configuration.</summary>
internal static class SiloHost
{
    /// <summary>What the silo gives to attention: threads, memory.</summary>
    public const string AttentionSection = "Attention";

    /// <summary>A builder with everything wired.</summary>
    /// <exception cref="IOException">A port is taken.</exception>
    /// <exception cref="OptionsValidationException">An option is wrong; every problem names its option.</exception>
    public static HostApplicationBuilder CreateBuilder(string[] args)
    {
        HostApplicationBuilder builder = new(new HostApplicationBuilderSettings { DisableDefaults = true, ContentRootPath = AppContext.BaseDirectory });
        Configuration.AddSources(builder.Configuration, args);
        OptionsReader options = new(builder);
        ClusteringOptions clustering = options.Read<ClusteringOptions, ClusteringOptionsValidator>(ClusteringOptions.Section);
        EndpointOptions endpoint = options.Read<EndpointOptions, EndpointOptionsValidator>(EndpointOptions.Section);
        HostingOptions hosting = options.Read<HostingOptions, HostingOptionsValidator>(HostingOptions.Section);
        StorageOptions storage = options.Read<StorageOptions, StorageOptionsValidator>(StorageOptions.Section);
        DistAttentionOptions attention = options.Read<DistAttentionOptions, DistAttentionOptionsValidator>(AttentionSection);
        options.Require(
            attention.Replicas != 2 || storage.EffectiveMode != StorageMode.None,
            $"{AttentionSection}:{nameof(attention.Replicas)} is {attention.Replicas}: second copies are read from a storage, and {StorageOptions.Section} names none");
        TlsSettings tls = options.Read<TlsSettings, TlsSettingsValidator>(TlsSettings.Section);
        AccessOptions access = options.Read<AccessOptions, AccessOptionsValidator>(AccessOptions.Section);
        AdminOptions admin = options.Read<AdminOptions, AdminOptionsValidator>(AdminOptions.Section);
        TelemetryOptions telemetry = options.Read<TelemetryOptions, TelemetryOptionsValidator>(TelemetryOptions.Section);
        options.Require(admin.Https != true || tls.IsOn, $"{AdminOptions.Section}:{nameof(admin.Https)} is true, but {TlsSettings.Section} names no certificate");
        options.Require(
            !admin.IsOn || (admin.Port != endpoint.SiloPort && admin.Port != endpoint.GatewayPort),
            $"{AdminOptions.Section}:{nameof(admin.Port)} is {admin.Port}, as is a port of {EndpointOptions.Section}");
        HttpOptions http = options.Read<HttpOptions, HttpOptionsValidator>(HttpOptions.Section);
        options.Require(http.Https != true || tls.IsOn, $"{HttpOptions.Section}:{nameof(http.Https)} is true, but {TlsSettings.Section} names no certificate");
        options.Require(
            !http.IsOn || (http.Port != endpoint.SiloPort && http.Port != endpoint.GatewayPort && http.Port != admin.Port),
            $"{HttpOptions.Section}:{nameof(http.Port)} is {http.Port}, as is a port of {EndpointOptions.Section} or {AdminOptions.Section}");
        options.ThrowIfWrong();
        Ports.RequireFree(endpoint);
        Ports.RequireFree(admin);
        Ports.RequireFree(http);
        if (clustering.Mode == ClusteringMode.PostgreSql)
        {
            MembershipTables.EnsureAsync(clustering.ConnectionString!).GetAwaiter().GetResult();
        }

        builder.Logging.AddSiloLog(builder.Configuration.GetSection("Logging"), hosting);
        builder.Services.AddSiloLifetime(hosting);
        builder.Services.AddStorage(storage, clustering.Id);
        builder.Services.AddHostedService(services => ActivatorUtilities.CreateInstance<SecurityNotice>(services, tls, access, http));
        builder.Services.AddAdmin(admin, tls);
        builder.Services.AddTelemetry(telemetry);
        builder.Services.AddDistAttentionClient();
        builder.UseOrleans(silo => silo.UseCluster(clustering, endpoint).UseDistAttention().UseDistAttentionTls(tls).UseDistAttentionAccess(access));
        builder.Services.AddHttpApi(http, tls, access);
        return builder;
    }
}
