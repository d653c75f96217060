using DistAttention.Contracts;
using DistAttention.Engine.Compute;
using DistAttention.Engine.Execution;
using DistAttention.Engine.Ledger;
using DistAttention.Engine.Memory;
using DistAttention.Engine.Replicas;
using DistAttention.Engine.Shards;
using DistAttention.Engine.Telemetry;
using DistAttention.Grains;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Runtime;
using Orleans.Serialization;

namespace Orleans.Hosting;

/// <summary>Adds DistAttention to a silo.</summary>
public static class SiloBuilderExtensions
{
    /// <summary>
    /// How long silos wait for each other's answers about where grains are: what was asked of a silo that is killed meanwhile may hold up
    /// all calls to a grain as long. The transport's own default is 30 s.
    /// </summary>
    private static readonly TimeSpan _systemResponseTimeout = TimeSpan.FromSeconds(8);

    /// <summary>Makes the silo own shards and answer queries. Every silo of a cluster needs it.</summary>
    /// <param name="builder">The silo.</param>
    /// <param name="configure">Changes the defaults.</param>
    public static ISiloBuilder UseDistAttention(this ISiloBuilder builder, Action<DistAttentionOptions>? configure = null)
    {
        IServiceCollection services = builder.Services;
        OptionsBuilder<DistAttentionOptions> options = services.AddOptions<DistAttentionOptions>().ValidateOnStart();
        if (configure is not null)
        {
            options.Configure(configure);
        }

        services.AddSingleton<IValidateOptions<DistAttentionOptions>, DistAttentionOptionsValidator>();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<IShardStore, ResidentShardStore>();
        services.AddSingleton(static s => new ByteBudget(OptionsOf(s).MemoryBudgetBytes));
        services.AddSingleton(static s => new ComputePool(OptionsOf(s).ComputeThreads, OptionsOf(s).MaxQueuedJobs));
        services.AddSingleton<CallOwner>();
        services.AddSingleton<SiloGates>();
        services.AddSingleton<ITypeNameFilter, PackedTypes>();
        services.AddSingleton<ShardRegistry>();
        services.AddSingleton(static s => new ResidentQuotas(s.GetRequiredService<ShardRegistry>(), OptionsOf(s).MemoryBytesPerCaller));
        services.AddSingleton(static s =>
        {
            AttentionMeter meter = new(scope: s);
            SiloGates gates = s.GetRequiredService<SiloGates>();
            meter.Watch(s.GetRequiredService<ComputePool>(), s.GetRequiredService<ShardRegistry>(), gates.Calls, gates.Parts);
            return meter;
        });
        services.AddSingleton<ShardService>();
        services.AddSingleton<ShardFollower>();
        services.TryAddSingleton<ILedgerStore, InMemoryLedgerStore>();
        services.AddSingleton<CallTenant>();
        services.AddSingleton(static s => new WriteGrants(s.GetRequiredService<CallTenant>(), s.GetService<ClusterProof>()));
        services.AddSingleton<CallBook>();
        services.AddSingleton<Parcels>();
        services.AddSingleton<TrafficMeter>();
        services.AddSingleton<LocalSequences>();
        services.AddSingleton<ActiveShards>();
        services.AddSingleton<ShardHostClient>();
        services.AddSingleton<ClusterSilos>();
        services.AddSingleton<IClusterLoads>(static s => s.GetRequiredService<ClusterSilos>());
        services.AddSingleton<LoadCounter>();
        services.AddSingleton<QuerySamples>();
        services.AddSingleton<ClusterLinks>();
        services.AddSingleton<SnapshotCache>();
        services.TryAddSingleton(StorageIdentity.None);
        services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>, StorageAgreement>();
        services.AddSingleton<PeerWatch>();
        services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(static s => s.GetRequiredService<PeerWatch>());
        services.AddSingleton<ExpirySweep>();
        services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(static s => s.GetRequiredService<ExpirySweep>());
        services.AddSingleton<Coordinator>();
        services.AddSingleton<ShardMover>();
        services.AddSingleton(static s => new SiloDeparture(
            s.GetRequiredService<ShardMover>(), s.GetRequiredService<ClusterSilos>(), s.GetRequiredService<LocalSequences>(), s.GetRequiredService<IOptions<DistAttentionOptions>>(), s.GetRequiredService<TimeProvider>(), s.GetRequiredService<ILogger<SiloDeparture>>()));
        services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>, JoinNotice>();
        services.AddPlacementDirector<HolderPlacement, HolderPlacementDirector>();
        KvStatistics.AddTo(services);
        TransportExtensions.AddUnansweredLimit(services);
        TransportExtensions.AddPreambleGuard(services);
        builder.AddGrainService<ShardHostService>();
        services.AddOptions<SiloMessagingOptions>().Configure<IOptions<DistAttentionOptions>>(static (o, d) =>
        {
            o.MaxMessageBodySize = CallLimits.MaxMessageBytes;
            o.MaxEnqueuedRequestsHardLimit = d.Value.MaxWaitingMessages;
            o.MaxEnqueuedRequestsHardLimit_StatelessWorker = d.Value.MaxWaitingMessages;
            o.SystemResponseTimeout = _systemResponseTimeout;
        });
        services.AddOptions<ConnectionOptions>().Configure<IOptions<DistAttentionOptions>>(static (o, d) => o.ConnectionsPerEndpoint = d.Value.ConnectionsPerPeer);
        services.AddOptions<ExceptionSerializationOptions>().Configure(static o => o.SupportedNamespacePrefixes.Add(nameof(DistAttention)));
        return builder;
    }

    private static DistAttentionOptions OptionsOf(IServiceProvider services) => services.GetRequiredService<IOptions<DistAttentionOptions>>().Value;
}
