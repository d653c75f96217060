using System.Globalization;
using System.Text;

namespace DistAttention.Storage.Files;

/// <summary>
/// What tells one storage folder from every other, written into it by the first process of a cluster that uses it: silos that find
/// different marks do not share a folder, whatever their paths are called.
/// </summary>
/// <remarks>The file <c>cluster.mark</c>: the mark and the cluster's id, each a line of UTF-8.</remarks>
internal static class StorageMark
{
    private const string Path = "cluster.mark";
    private const int MostBytes = 1024;

    /// <summary>Reads the mark, or makes it.</summary>
    /// <param name="volume">The folder.</param>
    /// <param name="cluster">The id of the cluster that uses it.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="StorageException">It is another cluster's, or no mark at all.</exception>
    public static async ValueTask<Guid> JoinAsync(IVolume volume, string cluster, CancellationToken cancellationToken)
    {
        IAsyncDisposable held = await volume.LockAsync(Path + ".lock", cancellationToken).ConfigureAwait(false);
        await using (held.ConfigureAwait(false))
        {
            using IVolumeFile? file = await volume.OpenAsync(Path, write: false).ConfigureAwait(false);
            return file is null
                ? await WriteAsync(volume, cluster).ConfigureAwait(false)
                : await ReadAsync(file, cluster).ConfigureAwait(false);
        }
    }

    private static async ValueTask<Guid> WriteAsync(IVolume volume, string cluster)
    {
        Guid mark = Guid.NewGuid();
        string beside = Path + ".new";
        await volume.DeleteAsync(beside).ConfigureAwait(false);
        using (IVolumeFile file = await volume.CreateAsync(beside).ConfigureAwait(false))
        {
            await file.WriteAsync(0, Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{mark:N}\n{cluster}\n"))).ConfigureAwait(false);
            await file.SyncAsync().ConfigureAwait(false);
        }

        await volume.MoveAsync(beside, Path).ConfigureAwait(false);
        return mark;
    }

    private static async ValueTask<Guid> ReadAsync(IVolumeFile file, string cluster)
    {
        byte[] bytes = new byte[Math.Min(file.Length, MostBytes)];
        int read = await file.ReadAsync(0, bytes).ConfigureAwait(false);
        string[] lines = Encoding.UTF8.GetString(bytes, 0, read).Split('\n');
        if (lines.Length != 3 || !Guid.TryParseExact(lines[0], "N", out Guid mark))
        {
            throw new StorageException(file.Path, "is not the mark of a cluster's storage");
        }

        return lines[1] == cluster ? mark : throw new StorageException(file.Path, $"says that the folder is kept by cluster '{lines[1]}', not by '{cluster}'");
    }
}
