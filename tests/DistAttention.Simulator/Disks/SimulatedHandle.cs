using DistAttention.Storage.Files;

namespace DistAttention.Simulator.Disks;

/// <summary>An open file of a <see cref="SimulatedVolume"/>.</summary>
internal sealed class SimulatedHandle(SimulatedVolume volume, string path, SimulatedFile file) : IVolumeFile
{
    public string Path => path;

    public long Length => file.Length;

    public ValueTask<int> ReadAsync(long offset, Memory<byte> buffer) => new(file.Read(offset, buffer.Span));

    public ValueTask WriteAsync(long offset, ReadOnlyMemory<byte> bytes)
    {
        volume.Invoke("write", path);
        file.Write(offset, bytes.Span);
        return default;
    }

    public ValueTask TruncateAsync(long length)
    {
        volume.Invoke("truncate", path);
        file.Truncate(length);
        return default;
    }

    public ValueTask SyncAsync()
    {
        volume.Invoke("sync", path);
        file.Sync();
        return default;
    }

    /// <summary>A sync that the device fails.</summary>
    public void FailSync() => file.FailSync();

    public void Dispose()
    {
    }
}
