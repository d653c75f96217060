using DistAttention.Calls;
using DistAttention.Engine.Compute;

namespace DistAttention.Engine;

/// <summary>An embedded client on behalf of somebody.</summary>
internal sealed class EmbeddedCaller(EmbeddedAttention client, CallerId caller) : IAttentionClient
{
    public async Task<IAttentionSequence> CreateSequenceAsync(SequenceId id, SequenceSpec spec, CancellationToken cancellationToken = default) =>
        Mine(await client.CreateSequenceAsync(id, spec, cancellationToken).ConfigureAwait(false));

    public async Task<IAttentionSequence> OpenSequenceAsync(SequenceId id, CancellationToken cancellationToken = default) =>
        Mine(await client.OpenSequenceAsync(id, cancellationToken).ConfigureAwait(false));

    public IAsyncEnumerable<SequenceInfo> ListSequencesAsync(string? prefix = null, CancellationToken cancellationToken = default) =>
        client.ListSequencesAsync(prefix, cancellationToken);

    public Task DeleteSequenceAsync(SequenceId id, CancellationToken cancellationToken = default) => client.DeleteSequenceAsync(id, cancellationToken);

    /// <summary>The engine is the client's.</summary>
    public ValueTask DisposeAsync() => default;

    private EmbeddedSequence Mine(IAttentionSequence sequence) => ((EmbeddedSequence)sequence).For(caller);
}
