using DistAttention.Engine;

namespace DistAttention.Storage.Tests.Clients;

/// <summary>An embedded client whose sequences are in a folder, with so little memory that shards leave it all the time.</summary>
public sealed class FileClient : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private readonly FileStorage _storage;

    public FileClient()
    {
        _storage = new FileStorage(_folder.Path);
        Client = new EmbeddedAttention(_storage.Configure(new EmbeddedOptions { ComputeThreads = 2, MemoryBudgetBytes = 24 << 20 }));
    }

    public EmbeddedAttention Client { get; }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await Client.DisposeAsync();
        _storage.Dispose();
        _folder.Dispose();
    }
}

public sealed class SameBitsTests(FileClient files) : SameBitsSuite, IClassFixture<FileClient>
{
    protected override IAttentionClient Client => files.Client;
}

public sealed class LifeCycleTests(FileClient files) : LifeCycleSuite, IClassFixture<FileClient>
{
    protected override IAttentionClient Client => files.Client;
}

public sealed class ErrorTests(FileClient files) : ErrorSuite, IClassFixture<FileClient>
{
    protected override IAttentionClient Client => files.Client;
}

public sealed class ConcurrencyTests(FileClient files) : ConcurrencySuite, IClassFixture<FileClient>
{
    protected override IAttentionClient Client => files.Client;
}
