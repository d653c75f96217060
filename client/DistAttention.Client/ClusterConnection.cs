using DistAttention.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Messaging;

namespace DistAttention.Client;

/// <summary>A connection of the client's own, without a host around it.</summary>
internal static class ClusterConnection
{
    public static async Task<DistAttentionClient> OpenAsync(DistAttentionClientOptions options, CancellationToken cancellationToken)
    {
        if (options.ConfigureClustering is null && options.Gateways.Count == 0)
        {
            throw new InvalidSpecException(nameof(options.Gateways), "at least one gateway is needed");
        }

        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Services.AddLogging();
        SeedGateways? gateways = options.ConfigureClustering is null ? new SeedGateways(options.Gateways) : null;
        builder.UseOrleansClient(client =>
        {
            client.Configure<ClusterOptions>(o => (o.ClusterId, o.ServiceId) = (options.ClusterId, options.ServiceId));
            client.UseDistAttentionTransport(options);
            if (gateways is not null)
            {
                client.Services.AddSingleton<IGatewayListProvider>(gateways);
                client.Configure<GatewayOptions>(static o => o.GatewayListRefreshPeriod = SeedGateways.RefreshPeriod);
            }

            options.ConfigureClustering?.Invoke(client);
        });
        IHost host = builder.Build();
        try
        {
            await StartAsync(host, options, cancellationToken).ConfigureAwait(false);
            DistAttentionClient connected = new(host.Services.GetRequiredService<IClusterClient>(), options, host);
            await connected.Coordinators.GreetAsync(cancellationToken).ConfigureAwait(false);
            gateways?.Follow(connected);
            return connected;
        }
        catch
        {
            host.Dispose();
            throw;
        }
    }

    private static async Task StartAsync(IHost host, DistAttentionClientOptions options, CancellationToken cancellationToken)
    {
        using CancellationTokenSource timer = new(options.ConnectTimeout, options.TimeProvider);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        GatewayProbe probe = new(host.Services, options.TimeProvider);
        try
        {
            Task starting = host.StartAsync(either.Token).WaitAsync(either.Token);
            Task done = await Task.WhenAny(starting, probe.WaitForProblemAsync(either.Token)).ConfigureAwait(false);
            if (done != starting)
            {
                await either.CancelAsync().ConfigureAwait(false);
                await starting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            await done.ConfigureAwait(false);
            await either.CancelAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (timer.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new AttentionTimeoutException(options.ConnectTimeout, e);
        }
    }
}
