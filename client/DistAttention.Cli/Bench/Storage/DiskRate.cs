using System.Diagnostics;
using Microsoft.Win32.SafeHandles;

namespace DistAttention.Cli.Bench.Storage;

/// <summary>What the disk does when a file is written front to back and synced once.</summary>
internal sealed class DiskRate(string folder, long bytes)
{
    private const int Chunk = 1 << 20;

    private readonly byte[] _chunk = Filled();

    /// <summary>Bytes per second.</summary>
    public Task<double> WriteAsync() => Task.Run(() =>
    {
        string path = Path.Combine(folder, "disk-rate");
        long start = Stopwatch.GetTimestamp();
        using (SafeFileHandle file = File.OpenHandle(path, FileMode.Create, FileAccess.Write))
        {
            for (long at = 0; at < bytes; at += Chunk)
            {
                RandomAccess.Write(file, _chunk.AsSpan(0, (int)Math.Min(Chunk, bytes - at)), at);
            }

            RandomAccess.FlushToDisk(file);
        }

        double rate = bytes / Stopwatch.GetElapsedTime(start).TotalSeconds;
        File.Delete(path);
        return rate;
    });

    private static byte[] Filled()
    {
        byte[] chunk = new byte[Chunk];
        new Random(1).NextBytes(chunk); // a disk that compresses or skips zeros shall not win by it
        return chunk;
    }
}
