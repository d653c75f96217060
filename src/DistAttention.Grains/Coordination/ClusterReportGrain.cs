using DistAttention.Contracts;
using DistAttention.Contracts.Access;
using Orleans.Concurrency;

namespace DistAttention.Grains;

/// <summary>Asks every silo how it stands.</summary>
[StatelessWorker(1)]
[Reentrant]
internal sealed class ClusterReportGrain(ClusterSilos silos, CallTenant tenant) : Grain, IClusterReportGrain
{
    public async Task<SiloReport[]> GetReportAsync()
    {
        bool all = (tenant.Caller.Rights & Rights.Admin) != 0;
        return [.. (await silos.AskAllAsync()).Select(report => all ? report : report.WithoutContents())];
    }
}
