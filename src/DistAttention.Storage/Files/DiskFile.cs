using Microsoft.Win32.SafeHandles;

namespace DistAttention.Storage.Files;

/// <summary>A file of a <see cref="DiskVolume"/>.</summary>
internal sealed class DiskFile(string path, SafeFileHandle handle) : IVolumeFile
{
    public string Path => path;

    public long Length => DiskVolume.Guarded(path, () => RandomAccess.GetLength(handle));

    public ValueTask<int> ReadAsync(long offset, Memory<byte> buffer) => new(DiskVolume.Guarded(path, () =>
    {
        int total = 0;
        while (total < buffer.Length)
        {
            int read = RandomAccess.Read(handle, buffer.Span[total..], offset + total);
            if (read == 0)
            {
                break;
            }

            total += read;
        }

        return total;
    }));

    public ValueTask WriteAsync(long offset, ReadOnlyMemory<byte> bytes)
    {
        DiskVolume.Guarded(path, () =>
        {
            RandomAccess.Write(handle, bytes.Span, offset);
            return true;
        });
        return default;
    }

    public ValueTask TruncateAsync(long length)
    {
        DiskVolume.Guarded(path, () =>
        {
            RandomAccess.SetLength(handle, length);
            return true;
        });
        return default;
    }

    /// <summary>Waits for the device on another thread: it may take as long as a disk takes.</summary>
    public async ValueTask SyncAsync() => await Task.Run(() => DiskVolume.Guarded(path, () =>
    {
        RandomAccess.FlushToDisk(handle);
        return true;
    })).ConfigureAwait(false);

    public void Dispose() => handle.Dispose();
}
