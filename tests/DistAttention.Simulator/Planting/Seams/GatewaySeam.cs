using DistAttention.Engine.Execution;
using DistAttention.Engine.Shards;

namespace DistAttention.Simulator.Planting.Seams;

/// <summary>Hands everything on; a bug overrides one thing.</summary>
internal abstract class GatewaySeam(IShardGateway gateway) : IShardGateway
{
    protected IShardGateway Gateway => gateway;

    public virtual ValueTask WriteAsync(OwnerId owner, ShardWrite write, CancellationToken cancellationToken) => gateway.WriteAsync(owner, write, cancellationToken);

    public virtual ValueTask<TileAnswer> ComputeAsync(OwnerId owner, TileRequest request, CancellationToken cancellationToken) => gateway.ComputeAsync(owner, request, cancellationToken);

    public virtual ValueTask<MassAnswer> MassAsync(OwnerId owner, MassRequest request, CancellationToken cancellationToken) => gateway.MassAsync(owner, request, cancellationToken);

    public virtual ValueTask<bool> SeedAsync(OwnerId owner, ShardId shard, ShardId source, int count, CancellationToken cancellationToken) => gateway.SeedAsync(owner, shard, source, count, cancellationToken);

    public virtual ValueTask RetainAsync(OwnerId owner, IReadOnlyList<ShardId> shards, Guid holder, CancellationToken cancellationToken) => gateway.RetainAsync(owner, shards, holder, cancellationToken);

    public virtual ValueTask ReleaseAsync(OwnerId owner, IReadOnlyList<ShardId> shards, Guid holder, CancellationToken cancellationToken) => gateway.ReleaseAsync(owner, shards, holder, cancellationToken);

    public virtual ValueTask TrimAsync(OwnerId owner, ShardId shard, int length, long fence, CancellationToken cancellationToken) => gateway.TrimAsync(owner, shard, length, fence, cancellationToken);

    public virtual Hedge? HedgeOf(OwnerId owner, TileRequest request) => gateway.HedgeOf(owner, request);
}
