using DistAttention.Engine.Execution;
using DistAttention.Engine.Shards;
using DistAttention.Simulator.Networks;

namespace DistAttention.Simulator.Nodes;

/// <summary>How a silo reaches the owners of shards: over the network.</summary>
internal sealed class NodeGateway(Node node) : IShardGateway
{
    private static readonly TimeSpan _hedgeAfter = TimeSpan.FromMilliseconds(400);

    public async ValueTask WriteAsync(OwnerId owner, ShardWrite write, CancellationToken cancellationToken) =>
        await CallAsync(owner, $"write {write.FirstIdx}+{write.Count} fence {write.Fence:x}", Delivery.MayRepeat, async (to, token) =>
        {
            await to.Shards.WriteAsync(write, token).ConfigureAwait(false);
            return true;
        }, cancellationToken).ConfigureAwait(false);

    public async ValueTask<TileAnswer> ComputeAsync(OwnerId owner, TileRequest request, CancellationToken cancellationToken) =>
        await CallAsync(owner, $"compute {request.Shards.Count} shards", Delivery.MayRepeat, (to, token) => to.Shards.ComputeAsync(request, token).AsTask(), cancellationToken).ConfigureAwait(false);

    public async ValueTask<MassAnswer> MassAsync(OwnerId owner, MassRequest request, CancellationToken cancellationToken) =>
        await CallAsync(owner, "mass", Delivery.MayRepeat, (to, token) => to.Shards.MassAsync(request, token).AsTask(), cancellationToken).ConfigureAwait(false);

    /// <summary>Where the source's owner does not answer, this silo reads it back itself.</summary>
    public async ValueTask<bool> SeedAsync(OwnerId owner, ShardId shard, ShardId source, int count, CancellationToken cancellationToken)
    {
        if (node.Cluster.Find(owner) is null)
        {
            return await node.Registry.SeedAsync(shard, source, count, cancellationToken).ConfigureAwait(false);
        }

        return await CallAsync(owner, $"seed {count}", Delivery.Once, (to, token) => to.Registry.SeedAsync(shard, source, count, token).AsTask(), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Holds are in the store, which every silo reaches.</summary>
    public ValueTask RetainAsync(OwnerId owner, IReadOnlyList<ShardId> shards, Guid holder, CancellationToken cancellationToken) =>
        node.Registry.RetainAsync(shards, holder, cancellationToken);

    public async ValueTask ReleaseAsync(OwnerId owner, IReadOnlyList<ShardId> shards, Guid holder, CancellationToken cancellationToken) =>
        await CallAsync(owner, "release", Delivery.MayRepeat, async (to, token) =>
        {
            await to.Registry.ReleaseAsync(shards, holder, token).ConfigureAwait(false);
            return true;
        }, cancellationToken).ConfigureAwait(false);

    public async ValueTask TrimAsync(OwnerId owner, ShardId shard, int length, long fence, CancellationToken cancellationToken) =>
        await CallAsync(owner, "trim", Delivery.MayRepeat, (to, _) =>
        {
            to.Registry.Trim(shard, length, fence);
            return Task.FromResult(true);
        }, cancellationToken).ConfigureAwait(false);

    public Hedge? HedgeOf(OwnerId owner, TileRequest request)
    {
        return node.Cluster.Hedges && node.Cluster.ReplicaOf(owner) is { } other ? new Hedge(other.Owner, _hedgeAfter) : null;
    }

    private async Task<T> CallAsync<T>(OwnerId owner, string what, Delivery delivery, Func<Node, CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        if (node.Cluster.Find(owner) is not { } to)
        {
            await node.Place.Life.StepAsync().ConfigureAwait(false);
            throw new OwnerUnreachableException(owner, "is gone");
        }

        try
        {
            return await node.Cluster.Network.CallAsync(node.Place, to.Place, what, delivery, token => work(to, token), cancellationToken).ConfigureAwait(false);
        }
        catch (CallLostException e)
        {
            throw new OwnerUnreachableException(owner, "does not answer", e);
        }
    }
}
