using Microsoft.AspNetCore.Http;

namespace DistAttention.Http.Tests.Serving;

/// <summary>Gives everybody one client.</summary>
internal sealed class StubAccess(IAttentionClient client) : ICallerAccess
{
    public ValueTask<IAttentionClient> ClientOfAsync(HttpContext context) => new(client);
}

/// <summary>A client with one sequence of which a test says what it does.</summary>
internal sealed class StubClient(SequenceSpec spec) : IAttentionClient, IAttentionSequence
{
    public Func<ReadOnlyMemory<float>, Memory<float>, AttendOptions, CancellationToken, Task<AttentionSummary>>? OnAttend { get; init; }

    public Func<ReadOnlyMemory<float>, ReadOnlyMemory<float>, AppendOptions, CancellationToken, Task<AppendResult>>? OnAppend { get; init; }

    public Func<Task<SequenceInfo>>? OnInfo { get; init; }

    public SequenceId Id => "stub";

    public SequenceSpec Spec => spec;

    public Task<IAttentionSequence> OpenSequenceAsync(SequenceId id, CancellationToken cancellationToken = default) => Task.FromResult<IAttentionSequence>(this);

    public Task<SequenceInfo> GetInfoAsync(CancellationToken cancellationToken = default) =>
        OnInfo?.Invoke() ?? Task.FromResult(new SequenceInfo { Id = Id, Spec = spec, Snapshot = new SequenceSnapshot(1, 0), ShardCount = 0, ResidentBytes = 0 });

    public Task<AttentionSummary> AttendAsync(ReadOnlyMemory<float> q, Memory<float> destination, Memory<float> lse, AttendOptions? options = null, CancellationToken cancellationToken = default) =>
        OnAttend!(q, destination, options!, cancellationToken);

    public Task<AppendResult> AppendAsync(ReadOnlyMemory<float> k, ReadOnlyMemory<float> v, AppendOptions? options = null, CancellationToken cancellationToken = default) =>
        OnAppend!(k, v, options!, cancellationToken);

    public Task<IAttentionSequence> CreateSequenceAsync(SequenceId id, SequenceSpec spec, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public IAsyncEnumerable<SequenceInfo> ListSequencesAsync(string? prefix = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task DeleteSequenceAsync(SequenceId id, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task<AttentionResult> AttendAsync(ReadOnlyMemory<float> q, AttendOptions? options = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task<AttentionResult> AppendAndAttendAsync(ReadOnlyMemory<float> k, ReadOnlyMemory<float> v, ReadOnlyMemory<float> q, AttendOptions? attend = null, AppendOptions? append = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task<SequenceSnapshot> TruncateAsync(long length, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task<IAttentionSequence> ForkAsync(SequenceId id, long? length = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task<AttentionPlan> ExplainAsync(int rows, AttendOptions? options = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task<AttentionMass> AttentionMassAsync(ReadOnlyMemory<float> q, AttentionMassOptions options, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public ValueTask DisposeAsync() => default;
}
