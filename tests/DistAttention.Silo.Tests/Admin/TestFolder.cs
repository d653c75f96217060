namespace DistAttention.Silo.Tests.Admin;

/// <summary>A folder that ends with the test.</summary>
internal sealed class TestFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("distattn-admin-tests-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
