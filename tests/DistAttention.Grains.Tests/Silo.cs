using DistAttention.Engine.Compute;
using DistAttention.Engine.Memory;
using Microsoft.Extensions.DependencyInjection;
using Orleans.TestingHost;

namespace DistAttention.Grains.Tests;

/// <summary>A silo of a test, and what is inside it.</summary>
internal sealed class Silo(TestSilos silos, InProcessSiloHandle handle)
{
    public InProcessSiloHandle Handle => handle;

    /// <summary>As owners are named.</summary>
    public string Owner { get; } = handle.SiloAddress.ToParsableString();

    public ComputePool Pool => silos.Cluster.GetSiloServiceProvider(handle.SiloAddress).GetRequiredService<ComputePool>();

    public long UsedBytes => silos.Cluster.GetSiloServiceProvider(handle.SiloAddress).GetRequiredService<ByteBudget>().UsedBytes;

    public bool IsIdle => Pool.BusyThreads == 0 && Pool.QueuedJobs == 0;

    public Task KillAsync() => silos.Cluster.KillSiloAsync(handle);

    public static Silo[] AllOf(TestSilos silos) => [.. silos.Cluster.Silos.Select(s => new Silo(silos, s))];
}
