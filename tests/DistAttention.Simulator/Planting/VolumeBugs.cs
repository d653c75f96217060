using DistAttention.Simulator.Planting.Seams;
using DistAttention.Simulator.Worlds;
using DistAttention.Storage.Files;

namespace DistAttention.Simulator.Planting;

/// <summary>Rows are acknowledged before they are on the device.</summary>
internal sealed class LogNotSynced : PlantedBug
{
    public override IVolume Volume(IVolume volume, World world) => new NoSyncVolume(volume, ".kvlog");
}

/// <summary>A ledger's state is acknowledged before it is on the device.</summary>
internal sealed class LedgerNotSynced : PlantedBug
{
    public override IVolume Volume(IVolume volume, World world) => new NoSyncVolume(volume, ".ledger");
}

/// <summary>The lock of a ledger excludes nobody.</summary>
internal sealed class NoLock : PlantedBug
{
    public override IVolume Volume(IVolume volume, World world) => new Seam(volume);

    private sealed class Seam(IVolume volume) : VolumeSeam(volume), IAsyncDisposable
    {
        public override ValueTask<IAsyncDisposable> LockAsync(string path, CancellationToken cancellationToken) => new(this);

        public ValueTask DisposeAsync() => default;
    }
}

/// <summary>Files whose names contain a text are never synced.</summary>
internal sealed class NoSyncVolume(IVolume volume, string named) : VolumeSeam(volume)
{
    protected override IVolumeFile Of(IVolumeFile file) => file.Path.Contains(named, StringComparison.Ordinal) ? new NoSyncFile(file) : file;

    private sealed class NoSyncFile(IVolumeFile file) : FileSeam(file)
    {
        public override ValueTask SyncAsync() => default;
    }
}
