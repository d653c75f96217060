using DistAttention.Engine.Ledger;
using DistAttention.Engine.Replicas;
using DistAttention.Engine.Shards;
using DistAttention.Simulator.Networks;
using DistAttention.Simulator.Worlds;

namespace DistAttention.Simulator.Nodes;

/// <summary>Gives some of a sequence's shards to another silo: it reads them first, sometimes; then the ledger says so; later the old owner gives its memory back, sometimes.</summary>
internal sealed class ShardMoves(Node node)
{
    private World World => node.Cluster.World;

    public async Task<int> MoveAsync(SequenceId id, Guid uid)
    {
        (OwnerId Owner, FollowedShard Shard)[] shards = await node.Hosted.OnAsync(
            id, uid, static ledger => Task.FromResult(FollowedShards.Of(ledger.Record, new PositionRange(0, ledger.Record.Length)).ToArray())).ConfigureAwait(false);
        if (shards.Length == 0)
        {
            return 0;
        }

        OwnerId from = World.Pick(shards).Owner;
        Node to = World.Pick(node.Cluster.Running);
        FollowedShard[] some = [.. shards.Where(s => s.Owner == from && World.Happens(0.7)).Select(static s => s.Shard)];
        if (some.Length == 0 || to.Owner == from)
        {
            return 0;
        }

        World.Note($"{node.Place} moves {some.Length} shards of {id} from {from} to {to.Place}");
        if (World.Happens(0.7))
        {
            await TellAsync(to, "warm", other => other.Follower.WarmAsync(some, CancellationToken.None)).ConfigureAwait(false);
        }

        IReadOnlyList<ShardEntry> now = await node.Hosted.OnAsync(
            id, uid, ledger => ledger.HandOverAsync([.. some.Select(static s => s.Id)], from, to.Owner, CancellationToken.None).AsTask()).ConfigureAwait(false);
        if (World.Happens(0.7) && node.Cluster.Find(from) is { } old)
        {
            await World.DelayAsync(World.Ticks(0, 1000)).ConfigureAwait(false);
            await TellAsync(old, "evict", other =>
            {
                foreach (FollowedShard shard in some)
                {
                    other.Registry.Evict(shard.Id);
                }

                return Task.FromResult(0);
            }).ConfigureAwait(false);
        }

        return now.Count(s => s.Owner == to.Owner);
    }

    /// <summary>Whoever does not hear of it is none the worse.</summary>
    private async Task TellAsync(Node other, string what, Func<Node, Task<int>> work)
    {
        try
        {
            await node.Cluster.Network.CallAsync(node.Place, other.Place, what, Delivery.MayRepeat, _ => work(other), CancellationToken.None, TimeSpan.FromSeconds(5)).ConfigureAwait(false);
        }
        catch (DistAttentionException)
        {
            // See above.
        }
    }
}
