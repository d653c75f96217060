using DistAttention.Engine.Execution;
using DistAttention.Engine.Planning;
using DistAttention.Engine.Shards;
using DistAttention.Simulator.Planting.Seams;
using DistAttention.Simulator.Worlds;

namespace DistAttention.Simulator.Planting;

/// <summary>A write that is not answered is taken for done.</summary>
internal sealed class LostWriteTakenForDone : PlantedBug
{
    public override IShardGateway Gateway(IShardGateway gateway, World world) => new Seam(gateway);

    private sealed class Seam(IShardGateway gateway) : GatewaySeam(gateway)
    {
        public override async ValueTask WriteAsync(OwnerId owner, ShardWrite write, CancellationToken cancellationToken)
        {
            try
            {
                await Gateway.WriteAsync(owner, write, cancellationToken).ConfigureAwait(false);
            }
            catch (OwnerUnreachableException)
            {
                // Swallowed.
            }
        }
    }
}

/// <summary>The reservation's fence is not sent along: a late write overwrites a newer one.</summary>
internal sealed class WriteWithoutFence : PlantedBug
{
    public override IShardGateway Gateway(IShardGateway gateway, World world) => new Seam(gateway);

    private sealed class Seam(IShardGateway gateway) : GatewaySeam(gateway)
    {
        public override ValueTask WriteAsync(OwnerId owner, ShardWrite write, CancellationToken cancellationToken) =>
            Gateway.WriteAsync(owner, write with { Fence = long.MaxValue >> 1 }, cancellationToken);
    }
}

/// <summary>A query skips the last shard of a part and says that it saw it.</summary>
internal sealed class SkippedShard : PlantedBug
{
    public override IShardGateway Gateway(IShardGateway gateway, World world) => new Seam(gateway);

    private sealed class Seam(IShardGateway gateway) : GatewaySeam(gateway)
    {
        public override async ValueTask<TileAnswer> ComputeAsync(OwnerId owner, TileRequest request, CancellationToken cancellationToken)
        {
            if (request.Shards.Count < 2)
            {
                return await Gateway.ComputeAsync(owner, request, cancellationToken).ConfigureAwait(false);
            }

            ShardSlice skipped = request.Shards[^1];
            TileRequest shorter = request with { Shards = [.. request.Shards.SkipLast(1)] };
            TileAnswer answer = await Gateway.ComputeAsync(owner, shorter, cancellationToken).ConfigureAwait(false);
            return answer with { PositionsCounted = answer.PositionsCounted + skipped.Length };
        }
    }
}

/// <summary>An answer that comes late is given to the next question.</summary>
internal sealed class AnswerOfAnotherQuery : PlantedBug
{
    public override IShardGateway Gateway(IShardGateway gateway, World world) => new Seam(gateway);

    private sealed class Seam(IShardGateway gateway) : GatewaySeam(gateway)
    {
        private TileRequest? _last;

        public override async ValueTask<TileAnswer> ComputeAsync(OwnerId owner, TileRequest request, CancellationToken cancellationToken)
        {
            TileRequest asked = _last is { } last && last.Rows == request.Rows && last.Nodes.SequenceEqual(request.Nodes) ? request with { Q = last.Q } : request;
            _last = request;
            return await Gateway.ComputeAsync(owner, asked, cancellationToken).ConfigureAwait(false);
        }
    }
}

/// <summary>A second copy answers with the rows that it has, though one more is committed.</summary>
internal sealed class StaleReplica : PlantedBug
{
    public override IShardGateway Gateway(IShardGateway gateway, World world) => new Seam(gateway);

    private sealed class Seam(IShardGateway gateway) : GatewaySeam(gateway)
    {
        public override async ValueTask<TileAnswer> ComputeAsync(OwnerId owner, TileRequest request, CancellationToken cancellationToken)
        {
            ShardSlice last = request.Shards[^1];
            if (last.Shard.Owner == owner || last.Length % SequenceFormat.RunLength < 2)
            {
                return await Gateway.ComputeAsync(owner, request, cancellationToken).ConfigureAwait(false);
            }

            TileRequest stale = request with
            {
                Shards = [.. request.Shards.SkipLast(1), last with { Length = last.Length - 1 }],
                Snapshot = request.Snapshot with { Length = request.Snapshot.Length - 1 },
            };
            TileAnswer answer = await Gateway.ComputeAsync(owner, stale, cancellationToken).ConfigureAwait(false);
            return answer with { PositionsCounted = answer.PositionsCounted + 1 };
        }
    }
}
