using DistAttention.Engine.Ledger;
using DistAttention.Engine.Shards;
using DistAttention.Simulator.Networks;

namespace DistAttention.Simulator.Nodes;

/// <summary>A sequence's ledger, wherever it is believed to be.</summary>
internal sealed class RemoteLedger(Node node, SequenceId id, Guid uid) : ISequenceLedger
{
    private static readonly TimeSpan _patience = TimeSpan.FromMilliseconds(50);

    public async ValueTask<LedgerSnapshot> GetSnapshotAsync(CancellationToken cancellationToken)
    {
        Task<LedgerSnapshot> asked = CallAsync("snapshot", Delivery.MayRepeat, l => l.GetSnapshotAsync(CancellationToken.None).AsTask(), cancellationToken);
        if (!node.Cluster.ReadsStored)
        {
            return await asked.ConfigureAwait(false);
        }

        StoredSnapshots stored = new(node.Ledgers, _patience, static e => e is CallLostException, node.Cluster.World.Time);
        return await stored.FirstAsync(id, uid, asked, cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask<Reservation> ReserveAsync(OperationId operationId, long count, long? expectedPosition, CancellationToken cancellationToken) =>
        await CallAsync($"reserve {count}", Delivery.MayRepeat, l => l.ReserveAsync(operationId, count, expectedPosition, CancellationToken.None).AsTask(), cancellationToken).ConfigureAwait(false);

    public async ValueTask<AppendResult> CommitAsync(Reservation reservation, CancellationToken cancellationToken) =>
        await CallAsync($"commit {reservation.Rows}", Delivery.MayRepeat, home => home.CommitAsync(id, uid, reservation), cancellationToken).ConfigureAwait(false);

    public async ValueTask<IReadOnlyList<ShardEntry>> ReassignAsync(IReadOnlyList<ShardId> shards, OwnerId unreachable, CancellationToken cancellationToken) =>
        await CallAsync($"reassign {shards.Count} of {unreachable}", Delivery.MayRepeat, l => l.ReassignAsync(shards, unreachable, CancellationToken.None).AsTask(), cancellationToken).ConfigureAwait(false);

    public async ValueTask<bool> AbortAsync(OperationId operationId) =>
        await CallAsync("abort", Delivery.MayRepeat, l => l.AbortAsync(operationId).AsTask(), CancellationToken.None).ConfigureAwait(false);

    private Task<T> CallAsync<T>(string what, Delivery delivery, Func<SequenceLedger, Task<T>> work, CancellationToken cancellationToken) =>
        CallAsync(what, delivery, home => home.OnAsync(id, uid, work), cancellationToken);

    private async Task<T> CallAsync<T>(string what, Delivery delivery, Func<LedgerHost, Task<T>> work, CancellationToken cancellationToken)
    {
        if (node.Cluster.HomeOf(id) is not { } home)
        {
            throw new CallLostException("every silo");
        }

        try
        {
            return await node.Cluster.Network.CallAsync(node.Place, home.Place, what, delivery, _ => work(home.Hosted), cancellationToken).ConfigureAwait(false);
        }
        catch (CallLostException)
        {
            node.Cluster.Suspect(id, home);
            throw;
        }
    }
}
