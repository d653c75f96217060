using DistAttention.Contracts.Membership;

namespace DistAttention.Silo.Tests.Membership;

public sealed class FolderLockTests : IDisposable
{
    private readonly string _path = Path.GetTempFileName();

    [Fact]
    public async Task IsHeldOnceAndFreeAfterwards()
    {
        using (FolderLock held = FolderLock.TryAcquire(_path)!)
        {
            Assert.NotNull(held);
            Assert.Null(FolderLock.TryAcquire(_path));
            TimeoutException error = await Assert.ThrowsAsync<TimeoutException>(() => FolderLock.AcquireAsync(_path, TimeSpan.FromMilliseconds(30)));
            Assert.Contains(_path, error.Message, StringComparison.Ordinal);
        }

        using FolderLock again = await FolderLock.AcquireAsync(_path, TimeSpan.Zero);
    }

    [Fact]
    public void AFileThatNobodyHoldsIsNoLock()
    {
        File.WriteAllText(_path, "4711"); // left by whoever was killed
        using FolderLock? held = FolderLock.TryAcquire(_path);
        Assert.NotNull(held);
    }

    [Fact]
    public void AFolderThatIsNotThereIsAnErrorAndNoWaiting() =>
        Assert.Throws<DirectoryNotFoundException>(() => FolderLock.TryAcquire(Path.Combine(_path + ".none", "lock")));

    public void Dispose() => File.Delete(_path);
}
