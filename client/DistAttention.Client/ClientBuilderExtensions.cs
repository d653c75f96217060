using DistAttention;
using DistAttention.Client;
using DistAttention.Contracts;
using DistAttention.Contracts.Access;
using DistAttention.Contracts.Connections;
using DistAttention.Contracts.Tls;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Serialization;

namespace Orleans.Hosting;

/// <summary>Adds the attention client to a host.</summary>
public static class ClientBuilderExtensions
{
    /// <summary>Adds <see cref="IAttentionClient"/> to a host that has an Orleans client (or is a silo).</summary>
    /// <remarks>Inside a silo with tokens, the client is the cluster itself: it sees the sequences of all tenants, under their full names.</remarks>
    /// <param name="services">The host's services.</param>
    /// <param name="configure">Changes the defaults.</param>
    public static IServiceCollection AddDistAttentionClient(this IServiceCollection services, Action<DistAttentionClientOptions>? configure = null)
    {
        DistAttentionClientOptions options = new();
        configure?.Invoke(options);
        options.Validate();
        services.AddOptions<ClientMessagingOptions>().Configure(static o => o.MaxMessageBodySize = CallLimits.MaxMessageBytes);
        services.AddSingleton<ITypeNameFilter, PackedTypes>();
        services.AddSecurity(options);
        services.AddSingleton<IAttentionClient>(s => new DistAttentionClient(s.GetRequiredService<IClusterClient>(), options));
        return services;
    }

    internal static void UseDistAttentionTransport(this IClientBuilder client, DistAttentionClientOptions options)
    {
        client.Services.AddSingleton<ITypeNameFilter, PackedTypes>();
        client.Services.AddSecurity(options);
        client.Configure<ClientConnectionOptions>(static connections => connections.ConfigureConnection(UnansweredLimit.Add));
        client.Configure<ClientMessagingOptions>(static o => o.MaxMessageBodySize = CallLimits.MaxMessageBytes);
        client.Configure<ConnectionOptions>(o => o.ConnectionsPerEndpoint = options.ConnectionsPerGateway);
    }

    /// <summary>Token and TLS, where the options have them.</summary>
    private static void AddSecurity(this IServiceCollection services, DistAttentionClientOptions options)
    {
        if (ApiToken.TryParse(options.Token, out ApiToken token))
        {
            services.AddSingleton(new TokenCalls(token));
            services.AddSingleton<IOutgoingGrainCallFilter>(static s => s.GetRequiredService<TokenCalls>());
        }

        if (options.Tls.IsOn)
        {
            services.AddSingleton(s => new TlsChannel(options.Tls, options.TimeProvider, s.GetRequiredService<ILoggerFactory>()));
            services.AddOptions<ClientConnectionOptions>().Configure<TlsChannel>(static (connections, channel) => connections.ConfigureConnection(channel.ToSilo));
        }
    }
}
