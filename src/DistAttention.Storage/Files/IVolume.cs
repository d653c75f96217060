namespace DistAttention.Storage.Files;

/// <summary>
/// The folder tree that logs and ledgers are kept in: the one place where storage meets a disk, so that a simulated disk can
/// stand in for it. Paths are relative, with <c>/</c> between names. Failures are <see cref="StorageException"/>.
/// </summary>
public interface IVolume
{
    /// <summary>Makes a file, and the folders above it. Its name is durable when the call completes.</summary>
    /// <param name="path">Where; nothing may be there.</param>
    ValueTask<IVolumeFile> CreateAsync(string path);

    /// <summary>Opens a file; null if there is none.</summary>
    /// <param name="path">Where.</param>
    /// <param name="write">Whether it will be written.</param>
    ValueTask<IVolumeFile?> OpenAsync(string path, bool write);

    /// <summary>Names of the files and folders in a folder, in ordinal order; none if there is no such folder.</summary>
    /// <param name="folder">The folder; empty for the root.</param>
    ValueTask<IReadOnlyList<string>> ListAsync(string folder);

    /// <summary>When a file or folder last changed; null if there is none.</summary>
    /// <param name="path">Where.</param>
    ValueTask<DateTimeOffset?> ChangedAsync(string path);

    /// <summary>Gives a file a second name that lives on when the first is deleted; a copy where the file system has no links.</summary>
    /// <param name="path">The file.</param>
    /// <param name="second">Its second name; nothing may be there.</param>
    ValueTask LinkAsync(string path, string second);

    /// <summary>Renames a file or folder over whatever file has the name, all at once, durably.</summary>
    /// <param name="path">The file or folder.</param>
    /// <param name="target">Its new name.</param>
    ValueTask MoveAsync(string path, string target);

    /// <summary>Deletes a file, or a folder with all that is in it. Nothing there is no error.</summary>
    /// <param name="path">Where.</param>
    ValueTask DeleteAsync(string path);

    /// <summary>Takes a lock that at most one holder in any process has, waiting for it. It ends with the process at the latest.</summary>
    /// <param name="path">The file that stands for it.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    ValueTask<IAsyncDisposable> LockAsync(string path, CancellationToken cancellationToken);
}
