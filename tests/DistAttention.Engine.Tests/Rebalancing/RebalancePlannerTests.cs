using DistAttention.Engine.Rebalancing;
using DistAttention.Engine.Shards;
using DistAttention.Testing;

namespace DistAttention.Engine.Tests.Rebalancing;

public sealed class RebalancePlannerTests
{
    private const long ShardBytes = 1 << 20;

    [Theory]
    [InlineData(1, 2, 64)]
    [InlineData(2, 4, 64)]
    [InlineData(2, 3, 48)]
    [InlineData(3, 4, 100)]
    [InlineData(4, 8, 512)]
    public void SilosThatJoinTakeOverTheirShareAndNothingElseMoves(int before, int after, int shards)
    {
        OwnedShard[] owned = Spread(shards, before);
        RebalancePlan plan = RebalancePlanner.Plan(Silos(after), owned);
        Assert.InRange(RebalancePlan.Unevenness([.. plan.BytesAfter.Values]), 0, 0.1);

        // No more than what the new silos lack, and only to them.
        double share = (double)shards * ShardBytes / after;
        Assert.InRange(plan.MovedBytes, 0, share * (after - before));
        Assert.All(plan.Moves, move => Assert.True(Number(move.To) >= before && Number(move.From) < before));
        Assert.Equal(plan.Moves, RebalancePlanner.Plan(Silos(after).Reverse(), owned.Reverse()).Moves);
        Assert.Empty(RebalancePlanner.Plan(Silos(after), After(owned, plan)).Moves);
    }

    [Theory]
    [InlineData(4, 1, 64)]
    [InlineData(4, 2, 64)]
    [InlineData(3, 1, 50)]
    public void SilosThatLeaveHaveNothingInTheEnd(int silos, int leaving, int shards)
    {
        OwnedShard[] owned = Spread(shards, silos);
        SiloRoom[] rooms = [.. Silos(silos).Select((s, i) => s with { Leaves = i >= silos - leaving })];
        RebalancePlan plan = RebalancePlanner.Plan(rooms, owned);
        OwnedShard[] then = After(owned, plan);
        Assert.DoesNotContain(then, s => Number(s.Shard.Owner) >= silos - leaving);
        Assert.InRange(RebalancePlan.Unevenness([.. plan.BytesAfter.Where(b => Number(b.Key) < silos - leaving).Select(static b => b.Value)]), 0, 0.1);
        Assert.Equal(owned.Count(s => Number(s.Shard.Owner) >= silos - leaving), plan.Moves.Count);
    }

    [Fact]
    public void NeighboursStayTogether()
    {
        RebalancePlan plan = RebalancePlanner.Plan(Silos(2), Spread(256, 1));
        OwnerId[] owners = [.. After(Spread(256, 1), plan).OrderBy(static s => s.Shard.Id.Index).Select(static s => s.Shard.Owner)];
        int changes = owners.Zip(owners[1..]).Count(static pair => pair.First != pair.Second);
        Assert.InRange(changes, 1, 2 * 8);
        for (int i = 1; i < owners.Length; i++)
        {
            Assert.True(owners[i] == owners[i - 1] || i % 16 == 0, $"the owner changes at shard {i}");
        }
    }

    [Fact]
    public void AHotSiloGivesAwayWhatIsHot()
    {
        OwnedShard[] owned = [.. Spread(32, 1).Select(static (s, i) => s with { Heat = i % 2 == 0 ? 100 : 0, Shard = s.Shard with { Id = s.Shard.Id with { Sequence = new Guid(i, 0, 0, new byte[8]), Index = 0 } } })];
        RebalancePlan plan = RebalancePlanner.Plan(Silos(2), owned);
        OwnedShard[] then = After(owned, plan);
        Assert.InRange(plan.Moves.Count, 15, 16);
        Assert.InRange(then.Where(static s => Number(s.Shard.Owner) == 1).Sum(static s => s.Heat), 700, 900);
    }

    [Fact]
    public void IdleShardsAreSharedOutApart()
    {
        OwnedShard[] owned = [.. Spread(32, 1).Select(static (s, i) => s with { IsIdle = i >= 16 })];
        RebalancePlan plan = RebalancePlanner.Plan(Silos(2), owned);
        Assert.Equal(8, plan.Moves.Count(static m => m.Shard.IsIdle));
        Assert.Equal(8, plan.Moves.Count(static m => !m.Shard.IsIdle));
        Assert.Equal(8 * ShardBytes, plan.MovedBytes);
        Assert.Equal([8 * ShardBytes, 8 * ShardBytes], plan.BytesAfter.Values);
    }

    [Fact]
    public void ASmallSiloIsFilledToItsBudgetAndTheOthersShareTheRest()
    {
        SiloRoom[] rooms = [.. Silos(3).Select(static (s, i) => i == 2 ? s with { BudgetBytes = 4 * ShardBytes } : s)];
        RebalancePlan plan = RebalancePlanner.Plan(rooms, Spread(64, 2));
        Assert.InRange(plan.BytesAfter[rooms[2].Owner], 3 * ShardBytes, 4 * ShardBytes);
        Assert.InRange(plan.BytesAfter[rooms[0].Owner], 28 * ShardBytes, 32 * ShardBytes);
    }

    [Fact]
    public void WhereThereIsNobodyElseOrNothingToDoNothingMoves()
    {
        Assert.Empty(RebalancePlanner.Plan([], Spread(4, 1)).Moves);
        Assert.Empty(RebalancePlanner.Plan(Silos(3), []).Moves);
        Assert.Empty(RebalancePlanner.Plan(Silos(1).Select(static s => s with { Leaves = true }), Spread(4, 1)).Moves);
        Assert.Empty(RebalancePlanner.Plan(Silos(2), [.. Spread(4, 4).Where(static s => Number(s.Shard.Owner) >= 2)]).Moves);
        Assert.Empty(RebalancePlanner.Plan(Silos(2), Spread(1, 1)).Moves);
    }

    /// <summary>Whatever the sizes: no move is without use, nothing is moved twice, and no silo ends farther from its share than one shard and the tolerance explain.</summary>
    [Fact]
    public void AnyStateIsEvenedOutAsFarAsItsShardsAllow()
    {
        for (ulong seed = 0; seed < 200; seed++)
        {
            SeededData data = new(seed);
            int silos = 1 + data.NextInt(6);
            OwnedShard[] owned = [.. Enumerable.Range(0, data.NextInt(120)).Select(i => new OwnedShard(
                new ShardEntry(new ShardId(new Guid(1 + (i % 5), 0, 0, new byte[8]), i / 5, 0), Silo(data.NextInt(silos))), 1 + data.NextInt(1000)))];
            SiloRoom[] rooms = [.. Silos(silos).Select(s => s with { Leaves = silos > 1 && data.NextInt(4) == 0 })];
            if (rooms.All(static r => r.Leaves))
            {
                continue;
            }

            RebalancePlan plan = RebalancePlanner.Plan(rooms, owned);
            Assert.Equal(plan.Moves.Count, plan.Moves.Select(static m => m.Shard.Shard.Id).Distinct().Count());
            Assert.All(plan.Moves, static m => Assert.NotEqual(m.From, m.To));
            OwnedShard[] then = After(owned, plan);
            OwnerId[] staying = [.. rooms.Where(static r => !r.Leaves).Select(static r => r.Owner)];
            long[] bytes = [.. staying.Select(o => then.Where(s => s.Shard.Owner == o).Sum(static s => s.Bytes))];
            Assert.Equal(owned.Sum(static s => s.Bytes), bytes.Sum());
            long largest = owned.Length == 0 ? 0 : owned.Max(static s => s.Bytes);
            Assert.True(bytes.Max() - bytes.Min() <= largest + (2 * RebalancePlanner.Tolerance * bytes.Average()), $"seed {seed}: {string.Join(" ", bytes)}");
        }
    }

    private static OwnerId Silo(int number) => new($"silo-{number}");

    private static int Number(OwnerId silo) => int.Parse(silo.Value[5..], System.Globalization.CultureInfo.InvariantCulture);

    private static SiloRoom[] Silos(int count) => [.. Enumerable.Range(0, count).Select(static i => new SiloRoom(Silo(i), 1L << 40))];

    /// <summary>One sequence, in equal stretches.</summary>
    private static OwnedShard[] Spread(int shards, int silos) =>
        [.. Enumerable.Range(0, shards).Select(i => new OwnedShard(new ShardEntry(new ShardId(new Guid(1, 0, 0, new byte[8]), i, 0), Silo(i * silos / shards)), ShardBytes))];

    private static OwnedShard[] After(OwnedShard[] owned, RebalancePlan plan)
    {
        Dictionary<ShardEntry, OwnerId> moved = plan.Moves.ToDictionary(static m => m.Shard.Shard, static m => m.To);
        return [.. owned.Select(s => s with { Shard = s.Shard with { Owner = moved.GetValueOrDefault(s.Shard, s.Shard.Owner) } })];
    }
}
