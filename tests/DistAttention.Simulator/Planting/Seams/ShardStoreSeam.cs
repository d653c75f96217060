using DistAttention.Engine.Shards;

namespace DistAttention.Simulator.Planting.Seams;

/// <summary>Hands everything on; a bug overrides one thing.</summary>
internal abstract class ShardStoreSeam(IShardStore store) : IShardStore
{
    public bool IsDurable => store.IsDurable;

    protected IShardStore Store => store;

    public virtual ValueTask AppendAsync(ShardWrite write, CancellationToken cancellationToken) => store.AppendAsync(write, cancellationToken);

    public virtual ValueTask SeedAsync(ShardId shard, ShardId source, int count, CancellationToken cancellationToken) => store.SeedAsync(shard, source, count, cancellationToken);

    public virtual IAsyncEnumerable<ShardWrite> ReadAsync(ShardId shard, int firstIdx, int requiredRows, CancellationToken cancellationToken) => store.ReadAsync(shard, firstIdx, requiredRows, cancellationToken);

    public virtual ValueTask RetainAsync(ShardId shard, Guid holder, CancellationToken cancellationToken) => store.RetainAsync(shard, holder, cancellationToken);

    public virtual ValueTask<bool> ReleaseAsync(ShardId shard, Guid holder, CancellationToken cancellationToken) => store.ReleaseAsync(shard, holder, cancellationToken);
}
