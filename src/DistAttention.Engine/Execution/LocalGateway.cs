using DistAttention.Engine.Shards;

namespace DistAttention.Engine.Execution;

/// <summary>Every shard is in this process.</summary>
internal sealed class LocalGateway(ShardService service) : IShardGateway
{
    public ValueTask WriteAsync(OwnerId owner, ShardWrite write, CancellationToken cancellationToken) =>
        service.WriteAsync(write, cancellationToken);

    public ValueTask<TileAnswer> ComputeAsync(OwnerId owner, TileRequest request, CancellationToken cancellationToken) =>
        service.ComputeAsync(request, cancellationToken);

    public ValueTask<MassAnswer> MassAsync(OwnerId owner, MassRequest request, CancellationToken cancellationToken) =>
        service.MassAsync(request, cancellationToken);

    public ValueTask<bool> SeedAsync(OwnerId owner, ShardId shard, ShardId source, int count, CancellationToken cancellationToken) =>
        service.Registry.SeedAsync(shard, source, count, cancellationToken);

    public ValueTask RetainAsync(OwnerId owner, IReadOnlyList<ShardId> shards, Guid holder, CancellationToken cancellationToken) =>
        service.Registry.RetainAsync(shards, holder, cancellationToken);

    public ValueTask ReleaseAsync(OwnerId owner, IReadOnlyList<ShardId> shards, Guid holder, CancellationToken cancellationToken) =>
        service.Registry.ReleaseAsync(shards, holder, cancellationToken);

    public ValueTask TrimAsync(OwnerId owner, ShardId shard, int length, long fence, CancellationToken cancellationToken)
    {
        service.Registry.Trim(shard, length, fence);
        return default;
    }
}
