using DistAttention.Cli.Shell;
using DistAttention.Contracts.Membership;

namespace DistAttention.Cli.Cluster.Local;

/// <summary>
/// A local cluster that ends with this process, however this process ends: its silos watch a lock that only we hold. It keeps
/// nothing that is worth an orderly end.
/// </summary>
internal sealed class OwnedCluster : IDisposable
{
    private readonly FolderLock _owner;

    private OwnedCluster(LocalCluster local, FolderLock owner)
    {
        Local = local;
        _owner = owner;
    }

    public LocalCluster Local { get; }

    public static async Task<OwnedCluster> StartAsync(int silos, int? threadsPerSilo, CancellationToken cancellationToken)
    {
        StateFolder folder = StateFolder.Temporary();
        OwnedCluster cluster = new(
            new LocalCluster(folder),
            FolderLock.TryAcquire(folder.OwnerLock) ?? throw new CliException($"'{folder.OwnerLock}' is held by another process"));
        try
        {
            await cluster.Local.StartAsync(
                [.. Enumerable.Range(1, silos)],
                FreePorts.Any(silos),
                SiloSettings.ForSharing(silos, threadsPerSilo) with { OwnerLock = folder.OwnerLock },
                cancellationToken).ConfigureAwait(false);
            return cluster;
        }
        catch
        {
            cluster.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        foreach (SiloRecord record in Local.Folder.Records())
        {
            LocalCluster.Kill(record);
        }

        _owner.Dispose();
        Local.Folder.Delete();
    }
}
