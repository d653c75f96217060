using DistAttention.ClientSuite;
using DistAttention.Engine;

namespace DistAttention.Embedded.Tests;

public sealed class EmbeddedClient : IAsyncDisposable
{
    public EmbeddedAttention Client { get; } = new(new EmbeddedOptions { ComputeThreads = 2 });

    public ValueTask DisposeAsync() => Client.DisposeAsync();
}

public sealed class SameBits(EmbeddedClient client) : SameBitsSuite, IClassFixture<EmbeddedClient>, IAsyncLifetime
{
    protected override IAttentionClient Client => client.Client;

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => Task.CompletedTask;
}
