namespace DistAttention.Storage.Tests.Clients;

/// <summary>Silos must share one folder; its mark tells.</summary>
public sealed class StorageMarkTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly TempFolder _other = new();

    public void Dispose()
    {
        _folder.Dispose();
        _other.Dispose();
    }

    [Fact]
    public async Task AFolderHasOneMarkAndAnotherFolderAnother()
    {
        Guid?[] marks = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () => await MarkAsync(_folder, "c"))));
        Assert.Single(marks.Distinct());
        Assert.NotNull(marks[0]);
        Assert.NotEqual(marks[0], await MarkAsync(_other, "c"));
    }

    [Fact]
    public async Task AnotherClustersFolderIsRefused()
    {
        await MarkAsync(_folder, "c");
        StorageException refused = await Assert.ThrowsAsync<StorageException>(() => MarkAsync(_folder, "d"));
        Assert.Contains("kept by cluster 'c', not by 'd'", refused.Message, StringComparison.Ordinal);
        File.WriteAllText(Path.Combine(_folder.Path, "cluster.mark"), "?");
        Assert.Contains("is not the mark", (await Assert.ThrowsAsync<StorageException>(() => MarkAsync(_folder, "c"))).Message, StringComparison.Ordinal);
    }

    private static async Task<Guid?> MarkAsync(TempFolder folder, string cluster)
    {
        using FileStorage storage = new(folder.Path);
        return await storage.JoinAsync(cluster);
    }
}
