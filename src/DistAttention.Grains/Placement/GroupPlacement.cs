using System.Collections.Immutable;
using System.Numerics;
using DistAttention.Engine.Ledger;
using DistAttention.Engine.Shards;
using DistAttention.Kernels;

namespace DistAttention.Grains;

/// <summary>
/// Gives silos aligned groups of neighbouring shards, so that each answers with few partials, and small enough groups that the
/// work of the expected mask is shared out: at least four groups per silo among the shards that one query tile sees, of 2ⁿ shards
/// each, so that under a window neighbouring shards are apart; one where every tile sees all and the silos share shards evenly.
/// </summary>
/// <remarks>
/// A group goes to the silo with the least work so far (work of a shard: how many pairs of the expected queries and its
/// positions are visible) among those whose memory can take it; the sequence's first group goes to the silo of its ledger, so
/// that a silo that holds no shard of a sequence can be lost without losing the sequence.
/// </remarks>
internal sealed class GroupPlacement(ISiloMemory silos) : IShardPlacement
{
    /// <summary>
    /// Under a causal mask, two silos with four groups each share the work of a whole prefill evenly and that of its tiles to
    /// 90 %; every group more is one more partial per tile on the network.
    /// </summary>
    private const int GroupsPerSilo = 4;

    public OwnerId Choose(SequenceSpec spec, ImmutableArray<ShardEntry> shards, long end)
    {
        long total = Math.Max(end, spec.ExpectedLength ?? 0);
        int totalShards = Math.Max(shards.Length + 1, LedgerSnapshot.ShardCount(total, spec.ShardLength));
        IReadOnlyList<OwnerId> live = silos.Live();
        ExpectedWork expected = new(spec, totalShards);
        int group = 1 << BitOperations.Log2((uint)Math.Max(1, expected.ShardsPerTile() / GroupsFor(expected, live.Count)));
        if (shards.Length % group != 0 && live.Contains(shards[^1].Owner))
        {
            return shards[^1].Owner;
        }

        long shardBytes = spec.ShardLength / SequenceFormat.BlockLength * KvLayout.Of(spec).BlockBytes;
        List<OwnerId> roomy = [.. live.Where(s => silos.FreeBytes(s) is not { } free || free >= shardBytes * group)];
        if (roomy.Count == 0)
        {
            return live.MaxBy(s => silos.FreeBytes(s) ?? 0);
        }

        Dictionary<OwnerId, double> work = WorkSoFar(expected, shards);
        return roomy
            .OrderBy(s => work.GetValueOrDefault(s))
            .ThenBy(s => s == silos.Self ? 0 : 1)
            .ThenByDescending(s => silos.FreeBytes(s) ?? 0)
            .First();
    }

    public OwnerId? ChooseInstead(SequenceSpec spec, ImmutableArray<ShardEntry> shards, int index) => silos.TakesOverFrom(shards[index].Owner);

    private static int GroupsFor(ExpectedWork expected, int silos) =>
        expected.IsEven && BitOperations.IsPow2(silos) ? silos : (int)BitOperations.RoundUpToPowerOf2((uint)(silos * GroupsPerSilo));

    private static Dictionary<OwnerId, double> WorkSoFar(ExpectedWork expected, ImmutableArray<ShardEntry> shards)
    {
        Dictionary<OwnerId, double> work = [];
        foreach (ShardEntry shard in shards)
        {
            work[shard.Owner] = work.GetValueOrDefault(shard.Owner) + expected.Of(shard.Id.Index);
        }

        return work;
    }
}
