using DistAttention.Contracts;
using Orleans.Concurrency;

namespace DistAttention.Grains;

/// <summary>The door to this silo's coordinator.</summary>
/// <remarks>
/// One worker per silo and key, and reentrant: with several, a cancellation may be delivered to another worker than the call's
/// own and be lost; without reentrancy a worker runs one query at a time. Its turns only start work and hand out answers.
/// </remarks>
[StatelessWorker(1)]
[Reentrant]
internal sealed class AttentionCoordinatorGrain(Coordinator coordinator, CallBook calls) : Grain, IAttentionCoordinatorGrain
{
    public Task<AttendReply> AttendAsync(AttendCall call, CancellationToken cancellationToken) =>
        RunAsync(call.CallId, () => coordinator.AttendAsync(call, cancellationToken), cancellationToken);

    public Task<MassReply> MassAsync(AttendCall call, int topK, int bins, CancellationToken cancellationToken) =>
        RunAsync(call.CallId, () => coordinator.MassAsync(call, topK, bins, cancellationToken), cancellationToken);

    public Task<AppendResult> AppendAsync(AppendCall call, CancellationToken cancellationToken) =>
        RunAsync(call.CallId, () => coordinator.AppendAsync(call, cancellationToken), cancellationToken);

    public Task<AttendReply> AppendAndAttendAsync(AppendCall append, AttendCall attend, CancellationToken cancellationToken) =>
        RunAsync(attend.CallId, () => coordinator.AppendAndAttendAsync(append, attend, cancellationToken), cancellationToken);

    public Task<BatchReply> AttendBatchAsync(BatchCall calls, CancellationToken cancellationToken) =>
        RunAsync(calls.CallId, () => coordinator.AttendBatchAsync(calls, cancellationToken), cancellationToken);

    public Task<bool> IsWorkingOnAsync(Guid callId) => Task.FromResult(calls.Contains(callId));

    private async Task<T> RunAsync<T>(Guid callId, Func<Task<T>> call, CancellationToken cancellationToken)
    {
        using CallBook.Entry entry = calls.Begin(callId);
        return await Task.Run(call, cancellationToken);
    }
}
