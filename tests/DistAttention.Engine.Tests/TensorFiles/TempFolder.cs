namespace DistAttention.Engine.Tests.TensorFiles;

/// <summary>A folder of its own for one test, gone when the test ends.</summary>
internal sealed class TempFolder : IDisposable
{
    private readonly string _path = Directory.CreateTempSubdirectory("distattn-tests-").FullName;

    public string File(string name) => Path.Combine(_path, name);

    public string Write(string name, byte[] contents)
    {
        string path = File(name);
        using FileStream file = new(path, FileMode.OpenOrCreate); // in place: giving back and taking disk blocks costs 1 ms a file
        file.Write(contents);
        file.SetLength(contents.Length);
        return path;
    }

    public string[] Names() => [.. Directory.EnumerateFileSystemEntries(_path).Select(static p => Path.GetFileName(p)).Order(StringComparer.Ordinal)];

    public void Dispose() => Directory.Delete(_path, recursive: true);
}
