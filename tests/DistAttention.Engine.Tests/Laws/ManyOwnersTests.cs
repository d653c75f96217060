using DistAttention.Engine.Execution;
using DistAttention.Engine.Planning;
using DistAttention.Engine.Shards;
using DistAttention.Engine.Tests.Embedded;
using DistAttention.Engine.Tests.Simulation;
using DistAttention.Kernels;

namespace DistAttention.Engine.Tests.Laws;

/// <summary>Where shards are, and who merges what, changes traffic and no bit.</summary>
public sealed class ManyOwnersTests
{
    private static readonly AttentionProblem _full = new() { Seed = 41, Length = 9300, Rows = 60, GroupSize = 2, HeadDimV = 8 };
    private static readonly AttentionProblem _causal = new() { Seed = 42, Length = 9300, Rows = 120, NumHeadsKv = 2, Mask = AttentionMask.Causal, FirstQueryPosition = 1500 };

    [Theory]
    [InlineData("one", 1)]
    [InlineData("round robin", 2)]
    [InlineData("round robin", 5)]
    [InlineData("pairs", 3)]
    [InlineData("fours", 2)]
    [InlineData("random", 3)]
    [InlineData("random again", 4)]
    public async Task TheSameBitsAndAsFewPartialsAsTheTreeAllows(string placement, int owners)
    {
        foreach (AttentionProblem problem in new[] { _full, _causal })
        {
            Func<int, int> place = Placements.Named(placement, owners);
            using SimulatedCluster cluster = await SimulatedCluster.FillAsync(problem, owners, place);
            (string digest, List<TileOutcome> tiles) = await cluster.AttendAsync(problem);
            Assert.Equal(problem.KernelDigest(), digest);
            Assert.Equal(cluster.Tiles(problem, 50).Select(t => MaximalSubtrees(problem, t.Queries, place)), tiles.Select(static t => t.Partials));
            Assert.All(tiles, static t => Assert.Equal(0, t.Retries));
        }
    }

    [Theory]
    [InlineData("round robin", 3)]
    [InlineData("pairs", 2)]
    [InlineData("random", 4)]
    public async Task TheSameMass(string placement, int owners)
    {
        AttentionMassOptions options = new() { TopK = 7, Bins = 13 };
        foreach (AttentionProblem problem in new[] { _full, _causal })
        {
            using SimulatedCluster cluster = await SimulatedCluster.FillAsync(problem, owners, Placements.Named(placement, owners));
            MassBuffer mass = await cluster.MassAsync(problem, options);
            float[] bins = new float[mass.Span.Bins.Length];
            mass.Span.ReadBins(bins);
            await using EmbeddedAttention client = Runs.Client();
            IAttentionSequence sequence = await client.FillAsync("s", problem, 2048);
            AttentionMass expected = await sequence.AttentionMassAsync(problem.Q, problem.MassOptions(7, 13));
            Assert.Equal(expected.BinMass.ToArray(), bins);
            Assert.Equal(expected.TopPositions.ToArray(), mass.Span.TopPositions.ToArray());
            Assert.Equal(expected.TopWeights.ToArray(), mass.Span.TopWeights.ToArray());
        }
    }

    [Fact]
    public async Task OwnersOfHiddenShardsHearNothing()
    {
        using SimulatedCluster cluster = await SimulatedCluster.FillAsync(_causal, 10, static shard => shard);
        await cluster.AttendAsync(_causal, tileRows: 30);

        // Rows 0–29 stand at 1,500–1,529: shards 0 and 1. All rows end at 1,619.
        Assert.Equal(["owner0", "owner1"], cluster.Asked.Select(static a => a.Owner.Value).Distinct().Order());
        Assert.Equal(4 * 2, cluster.Asked.Count);

        AttentionProblem before = _causal with { FirstQueryPosition = -500 };
        using SimulatedCluster silent = await SimulatedCluster.FillAsync(before, 2, Placements.RoundRobin(2));
        (_, List<TileOutcome> tiles) = await silent.AttendAsync(before);
        Assert.Empty(silent.Asked);
        Assert.All(tiles, static t => Assert.Equal((0L, 0), (t.BlocksVisited, t.Partials)));
        await silent.MassAsync(before, new() { Bins = 3 });
        Assert.Empty(silent.Asked);
    }

    [Fact]
    public async Task ATileGoesOnceToEachOwnerWithOnlyWhatItSees()
    {
        using SimulatedCluster cluster = await SimulatedCluster.FillAsync(_causal, 3, Placements.RoundRobin(3));
        AttentionProblem late = _causal with { FirstQueryPosition = 5000 };
        await cluster.AttendAsync(late, tileRows: 120);
        Assert.Equal(3, cluster.Asked.Count);
        foreach ((OwnerId owner, TileRequest request) in cluster.Asked)
        {
            Assert.All(request.Shards, s => Assert.Equal(owner, s.Shard.Owner));
            Assert.All(request.Shards, static s => Assert.InRange(s.Shard.Id.Index, 0, 4));
        }

        Assert.Equal([0, 1, 2, 3, 4], cluster.Asked.SelectMany(static a => a.Request.Shards).Select(static s => s.Shard.Id.Index).Order());
    }

    [Fact]
    public async Task AShardThatWasEvictedComesBackAndGoesOn()
    {
        AttentionProblem problem = _full with { Length = 3000 };
        using SimulatedCluster cluster = await SimulatedCluster.CreateAsync(problem.Spec(), 2, Placements.RoundRobin(2));
        for (int at = 0; at < 3000; at += 250)
        {
            await cluster.AppendAsync(problem, at, 250);
            foreach (ShardEntry shard in cluster.Ledger.Snapshot().Shards.ToArray())
            {
                // Out of memory after every append: the next one writes to a shard that is not resident.
                Assert.True(cluster[shard.Id.Index % 2].Registry.Evict(shard.Id) || at % 1024 > 0);
            }
        }

        Assert.Equal((0, 0), (cluster[0].Budget.UsedBytes, cluster[1].Budget.UsedBytes));
        Assert.Equal(problem.KernelDigest(), (await cluster.AttendAsync(problem)).Digest);
        Assert.True(cluster[0].Budget.UsedBytes > 0);
    }

    /// <summary>By brute force: nodes of the tree whose visible shards have one owner, and whose parents do not.</summary>
    private static int MaximalSubtrees(AttentionProblem problem, PositionRange queries, Func<int, int> place)
    {
        int shards = (problem.Length + 1023) / 1024;
        int[] visible = [.. Enumerable.Range(0, shards).Where(s => CompiledMask.Compile(problem.Mask).CountVisible(queries, Planner.PositionsOf(s, 1024, problem.Length)).Lower > 0)];
        bool IsOne(int level, int index) => visible.Where(s => s >> level == index).Select(place).Distinct().Count() == 1;
        int top = TreeNode.Root(problem.Length).Level;
        int count = 0;
        for (int level = 0; level <= top; level++)
        {
            for (int index = 0; index <= shards >> level; index++)
            {
                count += IsOne(level, index) && (level == top || !IsOne(level + 1, index / 2)) ? 1 : 0;
            }
        }

        return count;
    }
}
