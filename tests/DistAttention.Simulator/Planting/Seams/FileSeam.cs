using DistAttention.Storage.Files;

namespace DistAttention.Simulator.Planting.Seams;

/// <summary>Hands everything on; a bug overrides one thing.</summary>
internal abstract class FileSeam(IVolumeFile file) : IVolumeFile
{
    public string Path => file.Path;

    public long Length => file.Length;

    public virtual ValueTask<int> ReadAsync(long offset, Memory<byte> buffer) => file.ReadAsync(offset, buffer);

    public virtual ValueTask WriteAsync(long offset, ReadOnlyMemory<byte> bytes) => file.WriteAsync(offset, bytes);

    public ValueTask TruncateAsync(long length) => file.TruncateAsync(length);

    public virtual ValueTask SyncAsync() => file.SyncAsync();

    public void Dispose() => file.Dispose();
}
