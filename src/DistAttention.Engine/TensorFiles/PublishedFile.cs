namespace DistAttention.Engine.TensorFiles;

/// <summary>
/// A file that takes its name only when it is whole: written to a temporary file in the same folder, which is renamed. A reader sees
/// the whole file or the one before, and disposing without publishing leaves nothing.
/// </summary>
internal sealed class PublishedFile : IDisposable
{
    private readonly string _temporaryPath;
    private bool _finished;
    private bool _published;

    private PublishedFile(string path)
    {
        Path = path;
        string folder = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path)) ?? ".";
        _temporaryPath = System.IO.Path.Combine(folder, $".distattn-{System.IO.Path.GetRandomFileName()}.tmp");
        Stream = new FileStream(_temporaryPath, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 1 << 16);
    }

    /// <summary>What it will be called.</summary>
    public string Path { get; }

    /// <summary>The temporary file.</summary>
    public FileStream Stream { get; }

    /// <summary>Starts a file.</summary>
    /// <param name="path">What it will be called; replaced when it exists.</param>
    /// <exception cref="TensorFileException">No file can be made there.</exception>
    public static PublishedFile Create(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (Directory.Exists(path))
        {
            throw new TensorFileException(path, "is a folder");
        }

        if (IsDevice(path))
        {
            throw new TensorFileException(path, "is a device; a file in its place would break it");
        }

        try
        {
            return new PublishedFile(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw Explain(path, error);
        }
    }

    /// <summary>The error of a write that failed.</summary>
    public TensorFileException Error(IOException error) => Explain(Path, error);

    /// <summary>Makes the temporary file durable.</summary>
    /// <exception cref="TensorFileException">The disk is full or fails.</exception>
    public void Finish()
    {
        try
        {
            Stream.Flush(flushToDisk: true);
            Stream.Dispose();
        }
        catch (IOException error)
        {
            throw Explain(Path, error);
        }

        _finished = true;
    }

    /// <summary>Gives the finished file its name, in one step.</summary>
    /// <exception cref="TensorFileException">It cannot be renamed.</exception>
    public void Publish()
    {
        if (!_finished)
        {
            throw new InvalidOperationException("Finish comes before Publish.");
        }

        try
        {
            File.Move(_temporaryPath, Path, overwrite: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Explain(Path, error);
        }

        _published = true;
    }

    /// <summary>Deletes the file unless it was published.</summary>
    public void Dispose()
    {
        try
        {
            Stream.Dispose();
        }
        catch (IOException)
        {
            // the disk is full: what could not be flushed is deleted now
        }

        if (!_published)
        {
            File.Delete(_temporaryPath);
        }
    }

    // Replacing is done by renaming, which, for a privileged user, would turn /dev/null into a file.
    private static bool IsDevice(string path)
    {
        string full = System.IO.Path.GetFullPath(path);
        return !OperatingSystem.IsWindows()
            && full.StartsWith("/dev/", StringComparison.Ordinal)
            && !full.StartsWith("/dev/shm/", StringComparison.Ordinal);
    }

    private static TensorFileException Explain(string path, Exception error) => new(
        path,
        error switch
        {
            DirectoryNotFoundException => "its folder does not exist",
            UnauthorizedAccessException => "may not be written",
            _ => $"cannot be written: {error.Message.TrimEnd('.')}",
        },
        error);
}
