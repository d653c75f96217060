using DistAttention.Client;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.TestingHost;

namespace DistAttention.Grains.Tests;

/// <summary>Silos and a client in this process.</summary>
public class TestSilos : IAsyncLifetime, IAsyncDisposable
{
    private readonly short _count;
    private readonly Action<DistAttentionOptions>? _configure;

    private readonly TimeSpan? _responseTimeout;
    private readonly IOutgoingGrainCallFilter? _calls;
    private readonly Action<ISiloBuilder>? _silo;

    public TestSilos(int count, Action<DistAttentionOptions>? configure = null, TimeSpan? responseTimeout = null, IOutgoingGrainCallFilter? calls = null, Action<ISiloBuilder>? silo = null)
    {
        _silo = silo;
        _count = (short)count;
        _configure = configure;
        _responseTimeout = responseTimeout;
        _calls = calls;
    }

    /// <summary>Starts silos for one test.</summary>
    public static async Task<TestSilos> StartAsync(int count, Action<DistAttentionOptions>? configure = null, TimeSpan? responseTimeout = null, IOutgoingGrainCallFilter? calls = null)
    {
        TestSilos silos = new(count, configure, responseTimeout, calls);
        await silos.InitializeAsync();
        return silos;
    }

    public InProcessTestCluster Cluster { get; private set; } = null!;

    public DistAttentionClient Client { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        InProcessTestClusterBuilder builder = new(_count);
        builder.Options.ConfigureFileLogging = false;
        builder.Options.UseRealEnvironmentStatistics = true;
        builder.ConfigureHost(static host => host.Logging.SetMinimumLevel(LogLevel.Warning));
        builder.ConfigureSilo((_, silo) => silo.UseDistAttention(o =>
        {
            o.ComputeThreads = 1;
            _configure?.Invoke(o);
        }));
        builder.ConfigureSilo((_, silo) => _silo?.Invoke(silo));
        builder.ConfigureClient(static client => client.Services.AddDistAttentionClient());
        if (_calls is { } calls)
        {
            builder.ConfigureClient(client => client.AddOutgoingGrainCallFilter(calls));
        }

        if (_responseTimeout is { } timeout)
        {
            builder.ConfigureSilo((_, silo) => silo.Configure<SiloMessagingOptions>(o => (o.ResponseTimeout, o.SystemResponseTimeout) = (timeout, timeout)));
            builder.ConfigureClient(client => client.Configure<ClientMessagingOptions>(o => o.ResponseTimeout = timeout));
        }

        Cluster = builder.Build();
        await Cluster.DeployAsync();
        Client = new DistAttentionClient(Cluster.Client);
    }

    public async Task DisposeAsync()
    {
        await Client.DisposeAsync();
        await Cluster.DisposeAsync();
    }

    ValueTask IAsyncDisposable.DisposeAsync() => new(DisposeAsync());
}

public sealed class OneSilo() : TestSilos(1);

public sealed class TwoSilos() : TestSilos(2);

public sealed class ThreeSilos() : TestSilos(3);

public sealed class FiveSilos() : TestSilos(5);
