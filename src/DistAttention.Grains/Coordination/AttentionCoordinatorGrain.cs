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
internal sealed class AttentionCoordinatorGrain(Coordinator coordinator, CallBook calls, Parcels parcels) : Grain, IAttentionCoordinatorGrain
{
    public Task<AttendReply> AttendAsync(AttendCall call, CancellationToken cancellationToken) =>
        RunAsync(call.Require().CallId, token => coordinator.AttendAsync(call, token), cancellationToken);

    public Task<MassReply> MassAsync(AttendCall call, int topK, int bins, CancellationToken cancellationToken) =>
        RunAsync(call.Require().CallId, token => coordinator.MassAsync(call, topK, bins, token), cancellationToken);

    public Task<AppendResult> AppendAsync(AppendCall call, CancellationToken cancellationToken) =>
        RunAsync(call.Require().CallId, token => coordinator.AppendAsync(call, token), cancellationToken);

    public Task<AttendReply> AppendAndAttendAsync(AppendCall append, AttendCall attend, CancellationToken cancellationToken) =>
        RunAsync(attend.Require().CallId, token => coordinator.AppendAndAttendAsync(append.Require(), attend, token), cancellationToken);

    public Task<BatchReply> AttendBatchAsync(BatchCall batch, CancellationToken cancellationToken) =>
        RunAsync(batch.Require().CallId, token => coordinator.AttendBatchAsync(batch, token), cancellationToken);

    public Task<PlanReply> PlanAsync(Packed<SequenceSpec> spec, long length, long rows, AttendTerms how, CancellationToken cancellationToken) =>
        Task.Run(() => coordinator.PlanAsync(spec.Value, length, rows, how.ToOptions()), cancellationToken);

    public Task<ParcelPart> FetchAsync(Guid id, int part) => Task.FromResult(parcels.Fetch(id, part));

    public Task<CallProgress> AskAsync(Guid callId) => Task.FromResult(calls.Ask(callId));

    public Task CancelAsync(Guid callId)
    {
        calls.Cancel(callId);
        return Task.CompletedTask;
    }

    private async Task<T> RunAsync<T>(Guid callId, Func<CancellationToken, Task<T>> call, CancellationToken cancellationToken)
    {
        using CallBook.Entry entry = calls.Begin(callId, cancellationToken);
        return await Task.Run(() => call(entry.Token), entry.Token);
    }
}
