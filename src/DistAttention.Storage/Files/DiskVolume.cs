namespace DistAttention.Storage.Files;

/// <summary>A folder of this machine, or a volume mounted into it that several machines share.</summary>
public sealed class DiskVolume : IVolume
{
    private static readonly TimeSpan _lockPause = TimeSpan.FromMilliseconds(5);

    private readonly string _root;

    /// <summary>Uses a folder, making it if there is none.</summary>
    /// <param name="root">Its path.</param>
    /// <exception cref="StorageException">It cannot be used.</exception>
    public DiskVolume(string root)
    {
        ArgumentException.ThrowIfNullOrEmpty(root);
        _root = Guarded(root, () => Directory.CreateDirectory(root).FullName);
    }

    /// <inheritdoc/>
    public ValueTask<IVolumeFile> CreateAsync(string path) => new(Guarded<IVolumeFile>(path, () =>
    {
        string full = Full(path);
        MakeFolder(Path.GetDirectoryName(full)!);
        DiskFile file = new(path, File.OpenHandle(full, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete));
        FolderSync.Run(Path.GetDirectoryName(full)!);
        return file;
    }));

    /// <inheritdoc/>
    public ValueTask<IVolumeFile?> OpenAsync(string path, bool write) => new(Guarded<IVolumeFile?>(path, () =>
    {
        try
        {
            return new DiskFile(
                path,
                File.OpenHandle(Full(path), FileMode.Open, write ? FileAccess.ReadWrite : FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }));

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<string>> ListAsync(string folder) => new(Guarded<IReadOnlyList<string>>(folder, () =>
    {
        try
        {
            return [.. Directory.EnumerateFileSystemEntries(Full(folder)).Select(static e => Path.GetFileName(e)).Order(StringComparer.Ordinal)];
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
    }));

    /// <inheritdoc/>
    public ValueTask<DateTimeOffset?> ChangedAsync(string path) => new(Guarded<DateTimeOffset?>(path, () =>
    {
        string full = Full(path);
        return Path.Exists(full) ? new DateTimeOffset(File.GetLastWriteTimeUtc(full)) : null;
    }));

    /// <inheritdoc/>
    public ValueTask LinkAsync(string path, string second)
    {
        Guarded(path, () =>
        {
            MakeFolder(Path.GetDirectoryName(Full(second))!);
            FileLink.Make(Full(path), Full(second));
            FolderSync.Run(Path.GetDirectoryName(Full(second))!);
            return true;
        });
        return default;
    }

    /// <inheritdoc/>
    public ValueTask MoveAsync(string path, string target)
    {
        Guarded(path, () =>
        {
            string from = Full(path);
            string to = Full(target);
            MakeFolder(Path.GetDirectoryName(to)!);
            if (Directory.Exists(from))
            {
                Directory.Move(from, to);
            }
            else
            {
                File.Move(from, to, overwrite: true);
            }

            FolderSync.Run(Path.GetDirectoryName(to)!);
            FolderSync.Run(Path.GetDirectoryName(from)!);
            return true;
        });
        return default;
    }

    /// <inheritdoc/>
    public ValueTask DeleteAsync(string path)
    {
        Guarded(path, () =>
        {
            string full = Full(path);
            try
            {
                if (Directory.Exists(full))
                {
                    Directory.Delete(full, recursive: true);
                }
                else
                {
                    File.Delete(full);
                }
            }
            catch (DirectoryNotFoundException)
            {
                // Gone already, with its folder.
            }

            return true;
        });
        return default;
    }

    /// <inheritdoc/>
    public async ValueTask<IAsyncDisposable> LockAsync(string path, CancellationToken cancellationToken)
    {
        while (true)
        {
            FileStream? held = Guarded(path, () =>
            {
                MakeFolder(Path.GetDirectoryName(Full(path))!);
                try
                {
                    return new FileStream(Full(path), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 1);
                }
                catch (IOException e) when (e.GetType() == typeof(IOException))
                {
                    return null; // held; what is wrong with the path itself has exceptions of its own
                }
            });
            if (held is not null)
            {
                return held;
            }

            // Random pauses: processes that collide once should not go on colliding.
            await Task.Delay(_lockPause * (0.2 + Random.Shared.NextDouble()), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Runs a file operation; what fails is a <see cref="StorageException"/> that names the file.</summary>
    internal static T Guarded<T>(string path, Func<T> operation)
    {
        try
        {
            return operation();
        }
        catch (UnauthorizedAccessException e)
        {
            throw new StorageException(path, "may not be accessed", e);
        }
        catch (IOException e)
        {
            throw new StorageException(path, $"failed: {e.Message.TrimEnd('.')}", e);
        }
    }

    private string Full(string path) => Path.Combine(_root, path);

    /// <summary>Makes a folder and those above it, each name durable.</summary>
    private static void MakeFolder(string full)
    {
        if (Directory.Exists(full))
        {
            return;
        }

        string parent = Path.GetDirectoryName(full)!;
        MakeFolder(parent);
        Directory.CreateDirectory(full);
        FolderSync.Run(parent);
    }
}
