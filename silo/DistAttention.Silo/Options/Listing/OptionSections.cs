using DistAttention.Contracts.Tls;
using DistAttention.Grains;
using DistAttention.Silo.Admin;
using DistAttention.Silo.Admin.Telemetry;
using DistAttention.Silo.Http;

namespace DistAttention.Silo.Options.Listing;

/// <summary>The sections of the configuration that options are read from, and what each is read into.</summary>
internal static class OptionSections
{
    /// <summary>In the order in which they are listed.</summary>
    public static IReadOnlyList<(string Name, Type Options)> All { get; } =
    [
        (ClusteringOptions.Section, typeof(ClusteringOptions)),
        (EndpointOptions.Section, typeof(EndpointOptions)),
        (StorageOptions.Section, typeof(StorageOptions)),
        (SiloHost.AttentionSection, typeof(DistAttentionOptions)),
        (TlsSettings.Section, typeof(TlsSettings)),
        (AccessOptions.Section, typeof(AccessOptions)),
        (HostingOptions.Section, typeof(HostingOptions)),
        (AdminOptions.Section, typeof(AdminOptions)),
        (TelemetryOptions.Section, typeof(TelemetryOptions)),
        (HttpOptions.Section, typeof(HttpOptions)),
    ];
}
