using DistAttention.Engine.Shards;
using DistAttention.Simulator.Planting.Seams;
using DistAttention.Simulator.Worlds;

namespace DistAttention.Simulator.Planting;

/// <summary>Rows are acknowledged that the log never took, once in a while.</summary>
internal sealed class RowsNotLogged : PlantedBug
{
    public override IShardStore Shards(IShardStore store, World world) => new Seam(store, world);

    private sealed class Seam(IShardStore store, World world) : ShardStoreSeam(store)
    {
        public override ValueTask AppendAsync(ShardWrite write, CancellationToken cancellationToken) =>
            world.Happens(0.02) ? default : Store.AppendAsync(write, cancellationToken);
    }
}

/// <summary>The log does not keep the fence: which of two writes of a place is the later one is not known.</summary>
internal sealed class FenceNotLogged : PlantedBug
{
    public override IShardStore Shards(IShardStore store, World world) => new Seam(store);

    private sealed class Seam(IShardStore store) : ShardStoreSeam(store)
    {
        public override async IAsyncEnumerable<ShardWrite> ReadAsync(
            ShardId shard, int firstIdx, int requiredRows, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
        {
            List<ShardWrite> writes = [];
            await foreach (ShardWrite write in Store.ReadAsync(shard, firstIdx, requiredRows, cancellationToken).ConfigureAwait(false))
            {
                writes.Add(write with { K = write.K.ToArray(), V = write.V.ToArray() });
            }

            // As if in the order of the segments' names backwards: the last that was written first.
            long newest = writes.Count > 0 ? writes[^1].Fence : 0;
            for (int i = writes.Count - 1; i >= 0; i--)
            {
                yield return writes[i] with { Fence = newest };
            }
        }
    }
}

/// <summary>Reading back stops one record early.</summary>
internal sealed class LastRecordNotRead : PlantedBug
{
    public override IShardStore Shards(IShardStore store, World world) => new Seam(store);

    private sealed class Seam(IShardStore store) : ShardStoreSeam(store)
    {
        public override async IAsyncEnumerable<ShardWrite> ReadAsync(
            ShardId shard, int firstIdx, int requiredRows, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
        {
            ShardWrite? held = null;
            await foreach (ShardWrite write in Store.ReadAsync(shard, firstIdx, requiredRows, cancellationToken).ConfigureAwait(false))
            {
                if (held is { } before)
                {
                    yield return before;
                }

                held = write with { K = write.K.ToArray(), V = write.V.ToArray() };
            }
        }
    }
}

/// <summary>A fork does not take hold of what it shares: it is gone when its source lets go.</summary>
internal sealed class ForkHoldsNothing : PlantedBug
{
    public override IShardStore Shards(IShardStore store, World world) => new Seam(store);

    private sealed class Seam(IShardStore store) : ShardStoreSeam(store)
    {
        public override ValueTask RetainAsync(ShardId shard, Guid holder, CancellationToken cancellationToken) =>
            holder == shard.Sequence ? Store.RetainAsync(shard, holder, cancellationToken) : default;
    }
}

/// <summary>A cut shard starts with one row too few.</summary>
internal sealed class SeedOneShort : PlantedBug
{
    public override IShardStore Shards(IShardStore store, World world) => new Seam(store);

    private sealed class Seam(IShardStore store) : ShardStoreSeam(store)
    {
        public override ValueTask SeedAsync(ShardId shard, ShardId source, int count, CancellationToken cancellationToken) =>
            Store.SeedAsync(shard, source, count - 1, cancellationToken);
    }
}
