using DistAttention.Cli.Shell;

namespace DistAttention.Cli.Demo.Html;

/// <summary>
/// A page that is there as a whole or not at all: it is written beside its place and renamed onto it. Made before the long
/// work, so that a place that cannot be written is known before and not after it.
/// </summary>
internal sealed class PageFile : IDisposable
{
    private readonly string _path;
    private readonly string _unfinished;
    private readonly FileStream _stream;

    private PageFile(string path)
    {
        _path = path;
        _unfinished = Path.Combine(Path.GetDirectoryName(path)!, $".distattn-{Path.GetRandomFileName()}.tmp");
        _stream = new FileStream(_unfinished, FileMode.CreateNew, FileAccess.Write, FileShare.None);
    }

    /// <summary>Takes a place.</summary>
    /// <param name="path">Where the page goes; an existing file is replaced, through a link if it is one.</param>
    /// <param name="inputs">What it must not replace.</param>
    /// <exception cref="CliException">No page can be written there.</exception>
    public static PageFile Create(string path, IEnumerable<string> inputs)
    {
        string full = RealPath(path);
        if (Directory.Exists(full))
        {
            throw new CliException($"--html: {path} is a folder");
        }

        if (full.StartsWith("/dev/", StringComparison.Ordinal) && !full.StartsWith("/dev/shm/", StringComparison.Ordinal))
        {
            throw new CliException($"--html: {path} is a device; a file in its place would break it");
        }

        if (inputs.Any(input => RealPath(input) == full))
        {
            throw new CliException($"--html: {path} is a document to read; it would be overwritten");
        }

        try
        {
            return new PageFile(full);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliException($"--html: {path} cannot be written: {e.Message}");
        }
    }

    /// <summary>Writes the page and gives it its name.</summary>
    public void Publish(string page)
    {
        _stream.Write(System.Text.Encoding.UTF8.GetBytes(page));
        _stream.Flush(flushToDisk: true);
        _stream.Dispose();
        File.Move(_unfinished, _path, overwrite: true);
    }

    /// <summary>Leaves nothing behind if the page was not published.</summary>
    public void Dispose()
    {
        _stream.Dispose();
        File.Delete(_unfinished);
    }

    private static string RealPath(string path)
    {
        string full = Path.GetFullPath(path);
        return new FileInfo(full).LinkTarget is null ? full : File.ResolveLinkTarget(full, returnFinalTarget: true)!.FullName;
    }
}
