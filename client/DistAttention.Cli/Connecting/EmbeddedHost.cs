using DistAttention.Cli.Output;
using DistAttention.Engine;
using DistAttention.Engine.Planning;

namespace DistAttention.Cli.Connecting;

/// <summary>Computes in this process.</summary>
internal sealed class EmbeddedHost(int threads) : IAttentionHost
{
    private readonly EmbeddedAttention _client = new(new EmbeddedOptions { ComputeThreads = threads });

    public IAttentionClient Client => _client;

    public Task<IAttentionClient> OtherClientAsync(string name, CancellationToken cancellationToken) => Task.FromResult(_client.For(name));

    public string Workers => Units.Plural(threads, "thread");

    public int SiloCount => 1;

    public int Threads => threads;

    public Task<AttentionPlan> PlanAsync(SequenceSpec spec, long length, long rows, AttendOptions options, CancellationToken cancellationToken) =>
        Task.FromResult(Planner.Plan("explain", spec, new SequenceSnapshot(1, length), rows, options));

    public Task<IReadOnlyList<OwnerShare>> SharesAsync(IAttentionSequence sequence, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<OwnerShare>>([]);

    public ValueTask DisposeAsync() => _client.DisposeAsync();
}
