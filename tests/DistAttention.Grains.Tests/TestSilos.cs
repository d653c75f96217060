using DistAttention.Client;
using Microsoft.Extensions.Logging;
using Orleans.Hosting;
using Orleans.TestingHost;

namespace DistAttention.Grains.Tests;

/// <summary>Silos and a client in this process.</summary>
public class TestSilos : IAsyncLifetime
{
    private readonly short _count;
    private readonly Action<DistAttentionOptions>? _configure;

    public TestSilos(int count, Action<DistAttentionOptions>? configure = null)
    {
        _count = (short)count;
        _configure = configure;
    }

    public InProcessTestCluster Cluster { get; private set; } = null!;

    public DistAttentionClient Client { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        InProcessTestClusterBuilder builder = new(_count);
        builder.Options.ConfigureFileLogging = false;
        builder.ConfigureHost(static host => host.Logging.SetMinimumLevel(LogLevel.Warning));
        builder.ConfigureSilo((_, silo) => silo.UseDistAttention(o =>
        {
            o.ComputeThreads = 1;
            _configure?.Invoke(o);
        }));
        builder.ConfigureClient(static client => client.Services.AddDistAttentionClient());
        Cluster = builder.Build();
        await Cluster.DeployAsync();
        Client = new DistAttentionClient(Cluster.Client);
    }

    public async Task DisposeAsync()
    {
        await Client.DisposeAsync();
        await Cluster.DisposeAsync();
    }
}

public sealed class OneSilo() : TestSilos(1);

public sealed class TwoSilos() : TestSilos(2);

public sealed class ThreeSilos() : TestSilos(3);
