using DistAttention.Contracts.Connections;
using DistAttention.Contracts.Tls;
using DistAttention.Grains;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace Orleans.Hosting;

/// <summary>What is done with the connections of a silo.</summary>
public static class TransportExtensions
{
    /// <summary>Puts mutual TLS around every connection of the silo, with others and with clients. All of a cluster have it, or none.</summary>
    /// <param name="builder">The silo.</param>
    /// <param name="settings">Certificates, and what to demand of others.</param>
    /// <exception cref="OptionsValidationException">A setting is wrong, or a file cannot be used; every problem names its option.</exception>
    public static ISiloBuilder UseDistAttentionTls(this ISiloBuilder builder, TlsSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        if (settings.Problems() is { Count: > 0 } problems)
        {
            throw new OptionsValidationException(TlsSettings.Section, typeof(TlsSettings), problems);
        }

        if (!settings.IsOn)
        {
            return builder;
        }

        builder.Services.AddSingleton(services => new TlsChannel(settings, services.GetRequiredService<TimeProvider>(), services.GetRequiredService<ILoggerFactory>()));
        return builder.Configure<SiloConnectionOptions>(static connections =>
        {
            connections.ConfigureSiloInboundConnection(static c => ChannelOf(c).FromSilo(c));
            connections.ConfigureSiloOutboundConnection(static c => ChannelOf(c).ToSilo(c));
            connections.ConfigureGatewayInboundConnection(static c => ChannelOf(c).FromClient(c));
        });
    }

    /// <summary>Ends connections that do not introduce themselves in time. After TLS, where there is any: it guards what comes through it.</summary>
    internal static void AddPreambleGuard(IServiceCollection services) => services.AddOptions<SiloConnectionOptions>().PostConfigure(static connections =>
    {
        connections.ConfigureSiloInboundConnection(Guard);
        connections.ConfigureGatewayInboundConnection(Guard);
    });

    /// <summary>Ends connections whose other side acknowledges nothing any more.</summary>
    internal static void AddUnansweredLimit(IServiceCollection services) => services.AddOptions<SiloConnectionOptions>().Configure(static connections =>
    {
        connections.ConfigureSiloInboundConnection(UnansweredLimit.Add);
        connections.ConfigureSiloOutboundConnection(UnansweredLimit.Add);
        connections.ConfigureGatewayInboundConnection(UnansweredLimit.Add);
    });

    private static void Guard(IConnectionBuilder connection)
    {
        IServiceProvider services = connection.ApplicationServices;
        TimeSpan patience = services.GetRequiredService<IOptions<DistAttentionOptions>>().Value.PreambleTimeout;
        PreambleGuard.Add(connection, patience, services.GetRequiredService<TimeProvider>());
    }

    private static TlsChannel ChannelOf(IConnectionBuilder connection) => connection.ApplicationServices.GetRequiredService<TlsChannel>();
}
