namespace DistAttention.Storage.Files;

/// <summary>An open file of a volume. Reads may run beside each other and beside one writer.</summary>
public interface IVolumeFile : IDisposable
{
    /// <summary>Where it is.</summary>
    string Path { get; }

    /// <summary>Its length in bytes now.</summary>
    long Length { get; }

    /// <summary>Reads up to a buffer full.</summary>
    /// <param name="offset">From which byte on.</param>
    /// <param name="buffer">Receives the bytes.</param>
    /// <returns>Bytes read: fewer than the buffer holds only at the end of the file.</returns>
    ValueTask<int> ReadAsync(long offset, Memory<byte> buffer);

    /// <summary>Writes bytes, all of them. They are durable after the next <see cref="SyncAsync"/>; until then a crash may keep any part of them.</summary>
    /// <param name="offset">From which byte on.</param>
    /// <param name="bytes">The bytes.</param>
    ValueTask WriteAsync(long offset, ReadOnlyMemory<byte> bytes);

    /// <summary>Cuts the file.</summary>
    /// <param name="length">Bytes to keep.</param>
    ValueTask TruncateAsync(long length);

    /// <summary>Makes durable what was written before the call.</summary>
    ValueTask SyncAsync();
}
