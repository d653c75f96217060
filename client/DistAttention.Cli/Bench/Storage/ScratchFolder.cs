namespace DistAttention.Cli.Bench.Storage;

/// <summary>A folder that goes when the measurement ends.</summary>
internal sealed class ScratchFolder : IDisposable
{
    private readonly string _path;
    private int _taken;

    public ScratchFolder(string? parent)
    {
        string root = parent ?? System.IO.Path.GetTempPath();
        _path = System.IO.Path.Combine(root, $"distattn-bench-{Guid.NewGuid():N}");
        Directory.CreateDirectory(_path);
    }

    /// <summary>A new folder inside.</summary>
    public string Next()
    {
        string path = System.IO.Path.Combine(_path, $"{++_taken}");
        Directory.CreateDirectory(path);
        return path;
    }

    public void Dispose() => Directory.Delete(_path, recursive: true);
}
