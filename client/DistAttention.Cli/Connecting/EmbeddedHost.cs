using DistAttention.Cli.Output;
using DistAttention.Engine;

namespace DistAttention.Cli.Connecting;

/// <summary>Computes in this process.</summary>
internal sealed class EmbeddedHost(int threads) : IAttentionHost
{
    private readonly EmbeddedAttention _client = new(new EmbeddedOptions { ComputeThreads = threads });

    public IAttentionClient Client => _client;

    public string Workers => Units.Plural(threads, "thread");

    public int SiloCount => 1;

    public int Threads => threads;

    public Task<IReadOnlyList<OwnerShare>> SharesAsync(IAttentionSequence sequence, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<OwnerShare>>([]);

    public ValueTask DisposeAsync() => _client.DisposeAsync();
}
