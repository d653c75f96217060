using DistAttention.Simulator.Worlds;

namespace DistAttention.Simulator.Disks;

/// <summary>How the disk behaves now.</summary>
internal sealed class DiskFaults(World world)
{
    /// <summary>Chance that an operation takes time in which others act.</summary>
    public double Slow { get; set; }

    /// <summary>Chance that reading, writing or syncing fails.</summary>
    public double Errors { get; set; }

    /// <summary>Whether nothing more fits.</summary>
    public bool Full { get; set; }

    public void Heal() => (Errors, Full) = (0, false);

    public void ThrowIfFailing(string operation, string path)
    {
        if (world.Happens(Errors))
        {
            world.Counters.Add("fault: disk error");
            world.Note($"disk error: {operation} {path}");
            throw new StorageException(path, $"failed: Input/output error ({operation})");
        }
    }

    public void ThrowIfFull(string operation, string path)
    {
        if (Full)
        {
            world.Counters.Add("fault: disk full");
            world.Note($"disk full: {operation} {path}");
            throw new StorageException(path, $"failed: No space left on device ({operation})");
        }
    }
}
