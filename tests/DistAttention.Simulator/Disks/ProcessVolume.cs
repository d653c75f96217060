using DistAttention.Simulator.Worlds;
using DistAttention.Storage.Files;

namespace DistAttention.Simulator.Disks;

/// <summary>The volume as one process sees it: operations take time, fail, and end with the process; so do its locks.</summary>
internal sealed class ProcessVolume(World world, Life life, SimulatedVolume disk, DiskFaults faults) : IVolume
{
    private readonly List<IAsyncDisposable> _locks = [];

    public async ValueTask<IVolumeFile> CreateAsync(string path)
    {
        await StepAsync("create", path).ConfigureAwait(false);
        faults.ThrowIfFull("create", path);
        return new ProcessFile(this, (SimulatedHandle)await disk.CreateAsync(path).ConfigureAwait(false));
    }

    public async ValueTask<IVolumeFile?> OpenAsync(string path, bool write)
    {
        await StepAsync("open", path).ConfigureAwait(false);
        return await disk.OpenAsync(path, write).ConfigureAwait(false) is SimulatedHandle file ? new ProcessFile(this, file) : null;
    }

    public async ValueTask<IReadOnlyList<string>> ListAsync(string folder)
    {
        await StepAsync("list", folder).ConfigureAwait(false);
        return await disk.ListAsync(folder).ConfigureAwait(false);
    }

    public async ValueTask<DateTimeOffset?> ChangedAsync(string path)
    {
        await StepAsync("stat", path).ConfigureAwait(false);
        return await disk.ChangedAsync(path).ConfigureAwait(false);
    }

    public async ValueTask LinkAsync(string path, string second)
    {
        await StepAsync("link", path).ConfigureAwait(false);
        faults.ThrowIfFull("link", path);
        await disk.LinkAsync(path, second).ConfigureAwait(false);
    }

    public async ValueTask MoveAsync(string path, string target)
    {
        await StepAsync("move", path).ConfigureAwait(false);
        await disk.MoveAsync(path, target).ConfigureAwait(false);
    }

    public async ValueTask DeleteAsync(string path)
    {
        await StepAsync("delete", path).ConfigureAwait(false);
        await disk.DeleteAsync(path).ConfigureAwait(false);
    }

    public async ValueTask<IAsyncDisposable> LockAsync(string path, CancellationToken cancellationToken)
    {
        await StepAsync("lock", path).ConfigureAwait(false);
        IAsyncDisposable held = await disk.LockAsync(path, cancellationToken).ConfigureAwait(false);
        if (life.Dead)
        {
            await held.DisposeAsync().ConfigureAwait(false);
            life.ThrowIfDead();
        }

        _locks.Add(held);
        return held;
    }

    /// <summary>The process has ended: the system gives its locks back.</summary>
    public void ReleaseLocks()
    {
        foreach (IAsyncDisposable held in _locks)
        {
            _ = held.DisposeAsync();
        }

        _locks.Clear();
    }

    private async ValueTask StepAsync(string operation, string path)
    {
        if (world.Happens(faults.Slow))
        {
            await world.DelayAsync(world.Ticks(0.01, 3)).ConfigureAwait(false);
        }

        await life.StepAsync().ConfigureAwait(false);
        faults.ThrowIfFailing(operation, path);
    }

    private sealed class ProcessFile(ProcessVolume volume, SimulatedHandle file) : IVolumeFile
    {
        private readonly World _world = volume.World;

        public string Path => file.Path;

        public long Length => file.Length;

        public async ValueTask<int> ReadAsync(long offset, Memory<byte> buffer)
        {
            await volume.StepAsync("read", Path).ConfigureAwait(false);
            return await file.ReadAsync(offset, buffer).ConfigureAwait(false);
        }

        /// <summary>Others may see half of a write; so does the disk when it is full, or the process ends.</summary>
        public async ValueTask WriteAsync(long offset, ReadOnlyMemory<byte> bytes)
        {
            await volume.StepAsync("write", Path).ConfigureAwait(false);
            int half = volume.Faults.Full || _world.Happens(volume.Faults.Slow) ? _world.Below(bytes.Length + 1) : 0;
            if (half > 0)
            {
                await file.WriteAsync(offset, bytes[..half]).ConfigureAwait(false);
                volume.Faults.ThrowIfFull("write", Path);
                await volume.StepAsync("write", Path).ConfigureAwait(false);
            }

            volume.Faults.ThrowIfFull("write", Path);
            await file.WriteAsync(offset + half, bytes[half..]).ConfigureAwait(false);
        }

        public async ValueTask TruncateAsync(long length)
        {
            await volume.StepAsync("truncate", Path).ConfigureAwait(false);
            await file.TruncateAsync(length).ConfigureAwait(false);
        }

        public async ValueTask SyncAsync()
        {
            await _world.DelayAsync(_world.Ticks(0.1, 4)).ConfigureAwait(false);
            try
            {
                await volume.StepAsync("sync", Path).ConfigureAwait(false);
            }
            catch (StorageException)
            {
                file.FailSync();
                throw;
            }

            await file.SyncAsync().ConfigureAwait(false);
        }

        public void Dispose() => file.Dispose();
    }

    private World World => world;

    private DiskFaults Faults => faults;
}
