using DistAttention;
using DistAttention.Client;
using DistAttention.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;
using Orleans.Serialization;

namespace Orleans.Hosting;

/// <summary>Adds the attention client to a host.</summary>
public static class ClientBuilderExtensions
{
    /// <summary>Adds <see cref="IAttentionClient"/> to a host that has an Orleans client (or is a silo).</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="configure">Changes the defaults.</param>
    public static IServiceCollection AddDistAttentionClient(this IServiceCollection services, Action<DistAttentionClientOptions>? configure = null)
    {
        DistAttentionClientOptions options = new();
        configure?.Invoke(options);
        options.Validate();
        services.AddOptions<ClientMessagingOptions>().Configure(static o => o.MaxMessageBodySize = CallLimits.MaxMessageBytes);
        services.AddSingleton<ITypeNameFilter, PackedTypes>();
        services.AddSingleton<IAttentionClient>(s => new DistAttentionClient(s.GetRequiredService<IClusterClient>(), options));
        return services;
    }

    internal static void UseDistAttentionTransport(this IClientBuilder client, DistAttentionClientOptions options)
    {
        client.Services.AddSingleton<ITypeNameFilter, PackedTypes>();
        client.Configure<ClientMessagingOptions>(static o => o.MaxMessageBodySize = CallLimits.MaxMessageBytes);
        client.Configure<ConnectionOptions>(o => o.ConnectionsPerEndpoint = options.ConnectionsPerGateway);
    }
}
