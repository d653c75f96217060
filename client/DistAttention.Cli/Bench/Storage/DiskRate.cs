using System.Diagnostics;
using Microsoft.Win32.SafeHandles;

namespace DistAttention.Cli.Bench.Storage;

/// <summary>What the disk does when a file is written front to back and synced once, and when one is read front to back that is in no cache.</summary>
internal sealed class DiskRate(string folder, long bytes)
{
    private const int Chunk = 1 << 20;

    private readonly byte[] _chunk = Filled();

    /// <summary>Bytes written per second.</summary>
    public Task<double> WriteAsync() => Task.Run(() =>
    {
        string path = Path.Combine(folder, "disk-write-rate");
        double seconds = Write(path);
        File.Delete(path);
        return bytes / seconds;
    });

    /// <summary>Bytes read per second.</summary>
    public Task<double> ReadAsync() => Task.Run(() =>
    {
        string path = Path.Combine(folder, "disk-read-rate");
        if (!File.Exists(path))
        {
            Write(path);
        }

        FileCache.Drop(path);
        byte[] chunk = new byte[Chunk];
        long start = Stopwatch.GetTimestamp();
        using (SafeFileHandle file = File.OpenHandle(path, options: FileOptions.SequentialScan))
        {
            for (long at = 0; at < bytes;)
            {
                at += RandomAccess.Read(file, chunk, at);
            }
        }

        return bytes / Stopwatch.GetElapsedTime(start).TotalSeconds;
    });

    /// <returns>How long it took, in seconds.</returns>
    private double Write(string path)
    {
        long start = Stopwatch.GetTimestamp();
        using SafeFileHandle file = File.OpenHandle(path, FileMode.Create, FileAccess.Write);
        for (long at = 0; at < bytes; at += Chunk)
        {
            RandomAccess.Write(file, _chunk.AsSpan(0, (int)Math.Min(Chunk, bytes - at)), at);
        }

        RandomAccess.FlushToDisk(file);
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static byte[] Filled()
    {
        byte[] chunk = new byte[Chunk];
        new Random(1).NextBytes(chunk); // a disk that compresses or skips zeros shall not win by it
        return chunk;
    }
}
