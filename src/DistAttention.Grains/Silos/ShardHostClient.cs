using DistAttention.Contracts;
using Orleans.Runtime;
using Orleans.Runtime.Services;

namespace DistAttention.Grains;

/// <summary>Reaches the service of any silo.</summary>
internal sealed class ShardHostClient(IServiceProvider services) : GrainServiceClient<IShardHostService>(services)
{
    public IShardHostService On(SiloAddress silo) => GetGrainService(silo);
}
