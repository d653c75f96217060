using DistAttention.Contracts;
using DistAttention.Engine.Shards;
using Orleans.Runtime;

namespace DistAttention.Grains;

/// <summary>
/// Keeps a silo out of the cluster whose storage is not the one that the others use: a shard that another silo takes over would be empty there. Looked
/// at before the silo joins, and again once it has, when of two that started together the later one ends.
/// </summary>
internal sealed class StorageAgreement(ClusterSilos silos, StorageIdentity identity) : ILifecycleParticipant<ISiloLifecycle>
{
    public void Participate(ISiloLifecycle lifecycle)
    {
        if (identity.Mark.Length > 0)
        {
            lifecycle.Subscribe(nameof(StorageAgreement), ServiceLifecycleStage.ApplicationServices, _ => CheckAsync(static (_, _) => true));
            lifecycle.Subscribe(nameof(StorageAgreement), ServiceLifecycleStage.Active + 1, _ => CheckAsync(IsLater));
        }
    }

    private static bool IsLater(SiloAddress self, SiloAddress other) =>
        self.Generation != other.Generation ? self.Generation > other.Generation : self.CompareTo(other) > 0;

    /// <exception cref="StorageException">A silo uses another storage.</exception>
    private async Task CheckAsync(Func<SiloAddress, SiloAddress, bool> givesWay)
    {
        foreach (SiloReport report in await silos.AskAllAsync().ConfigureAwait(false))
        {
            OwnerId other = new(report.Silo);
            if (other != silos.Self && report.Storage.Length > 0 && report.Storage != identity.Mark && givesWay(ClusterSilos.AddressOf(silos.Self), ClusterSilos.AddressOf(other)))
            {
                throw new StorageException(identity.Place, $"is not the storage that silo {report.Name} uses; every silo of a cluster needs the same");
            }
        }
    }
}
