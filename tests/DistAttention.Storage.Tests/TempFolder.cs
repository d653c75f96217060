namespace DistAttention.Storage.Tests;

/// <summary>A folder of its own for one test, gone when the test ends.</summary>
internal sealed class TempFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("distattn-tests-").FullName;

    public long Bytes() => Directory.EnumerateFiles(Path, "*", SearchOption.AllDirectories).Sum(static f => new FileInfo(f).Length);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
