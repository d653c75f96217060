using DistAttention.Contracts;

namespace DistAttention.Client;

/// <summary>A sequence of a cluster.</summary>
internal sealed class ClusterSequence : IAttentionSequence
{
    public ClusterSequence(DistAttentionClient client, SequenceHandle handle)
    {
        Id = new SequenceId(handle.Name);
        Spec = handle.Spec.Value;
    }

    public SequenceId Id { get; }
    public SequenceSpec Spec { get; }
    public Task<AppendResult> AppendAsync(ReadOnlyMemory<float> k, ReadOnlyMemory<float> v, AppendOptions? options = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();
    public Task<AttentionResult> AttendAsync(ReadOnlyMemory<float> q, AttendOptions? options = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();
    public Task<AttentionSummary> AttendAsync(ReadOnlyMemory<float> q, Memory<float> destination, Memory<float> lse, AttendOptions? options = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();
    public Task<AttentionResult> AppendAndAttendAsync(ReadOnlyMemory<float> k, ReadOnlyMemory<float> v, ReadOnlyMemory<float> q, AttendOptions? attend = null, AppendOptions? append = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();
    public Task<SequenceSnapshot> TruncateAsync(long length, CancellationToken cancellationToken = default) => throw new NotSupportedException();
    public Task<IAttentionSequence> ForkAsync(SequenceId id, long? length = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();
    public Task<SequenceInfo> GetInfoAsync(CancellationToken cancellationToken = default) => throw new NotSupportedException();
    public Task<AttentionPlan> ExplainAsync(int rows, AttendOptions? options = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();
    public Task<AttentionMass> AttentionMassAsync(ReadOnlyMemory<float> q, AttentionMassOptions options, CancellationToken cancellationToken = default) => throw new NotSupportedException();
}
