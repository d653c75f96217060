using DistAttention.ClientSuite;
using DistAttention.Engine;

namespace DistAttention.Embedded.Tests;

/// <summary>One embedded client for the tests of a class.</summary>
public sealed class EmbeddedClient : IAsyncLifetime
{
    public EmbeddedAttention Client { get; } = new(new EmbeddedOptions { ComputeThreads = 2 });

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => Client.DisposeAsync().AsTask();
}

public sealed class SameBitsTests(EmbeddedClient embedded) : SameBitsSuite, IClassFixture<EmbeddedClient>
{
    protected override IAttentionClient Client => embedded.Client;
}

public sealed class LifeCycleTests(EmbeddedClient embedded) : LifeCycleSuite, IClassFixture<EmbeddedClient>
{
    protected override IAttentionClient Client => embedded.Client;
}

public sealed class ErrorTests(EmbeddedClient embedded) : ErrorSuite, IClassFixture<EmbeddedClient>
{
    protected override IAttentionClient Client => embedded.Client;
}

public sealed class ConcurrencyTests(EmbeddedClient embedded) : ConcurrencySuite, IClassFixture<EmbeddedClient>
{
    protected override IAttentionClient Client => embedded.Client;
}

public sealed class ScoreTests(EmbeddedClient embedded) : ScoreSuite, IClassFixture<EmbeddedClient>
{
    protected override IAttentionClient Client => embedded.Client;
}

public sealed class MaskTests(EmbeddedClient embedded) : MaskSuite, IClassFixture<EmbeddedClient>
{
    protected override IAttentionClient Client => embedded.Client;
}
