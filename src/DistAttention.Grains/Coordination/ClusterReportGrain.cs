using DistAttention.Contracts;
using Orleans.Concurrency;

namespace DistAttention.Grains;

/// <summary>Asks every silo how it stands.</summary>
[StatelessWorker(1)]
[Reentrant]
internal sealed class ClusterReportGrain(ClusterSilos silos) : Grain, IClusterReportGrain
{
    public async Task<SiloReport[]> GetReportAsync() => [.. await silos.AskAllAsync()];
}
