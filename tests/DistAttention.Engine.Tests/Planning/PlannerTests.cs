using DistAttention.Engine.Planning;
using DistAttention.Engine.Shards;
using DistAttention.Engine.Tests.Embedded;

namespace DistAttention.Engine.Tests.Planning;

public sealed class PlannerTests
{
    [Theory]
    [InlineData("full", 1)]
    [InlineData("causal", 2)]
    [InlineData("causal", 3)]
    public void PlansAgreeWithTheMaskTokenByToken(string mask, int seed)
    {
        SeededData data = new((ulong)seed);
        for (int round = 0; round < 25; round++)
        {
            // 128 KiB per row: 8 rows per tile.
            SequenceSpec spec = new() { HeadDim = 8, NumHeadsQ = 4096, ShardLength = data.Pick(1024, 2048) };
            int length = data.Pick(0, 1, 255, 256, 1024, 1025, data.NextInt(4000));
            int rows = data.NextInt(30);
            AttendOptions options = new() { Mask = AttentionMask.Parse(mask), FirstQueryPosition = data.NextInt(2) == 0 ? data.NextInt(length + 600) - 300 : null };
            AttentionPlan plan = Planner.Plan("s", spec, new SequenceSnapshot(0, length), rows, options);
            long first = options.FirstQueryPosition ?? length - rows;
            Assert.Equal((8, new PositionRange(first, first + rows)), (plan.TileRows, plan.Queries));
            Assert.Equal((rows + 7) / 8 * ((length + spec.ShardLength - 1) / spec.ShardLength), plan.Visits.Count);
            foreach (ShardVisit visit in plan.Visits)
            {
                (int full, int masked, int skipped, long pairs) = (0, 0, 0, 0L);
                for (long start = visit.Positions.Start; start < visit.Positions.End; start += 256)
                {
                    PositionRange block = new(start, Math.Min(start + 256, visit.Positions.End));
                    long visible = Visible(options.Mask, visit.Queries, block);
                    pairs += visible;
                    full += visible == visit.Queries.Length * block.Length ? 1 : 0;
                    skipped += visible == 0 ? 1 : 0;
                    masked += visible > 0 && visible < visit.Queries.Length * block.Length ? 1 : 0;
                }

                Assert.Equal((full, masked, skipped), (visit.BlocksFull, visit.BlocksMasked, visit.BlocksSkipped));
                Assert.Equal(pairs, (long)visit.UnmaskedPairs.Lower);
                Assert.Equal(pairs == 0 ? Coverage.None : masked + skipped == 0 ? Coverage.Full : Coverage.Masked, visit.Coverage);
                Assert.Equal(skipped > 0, visit.SkipReason.Length > 0);
                Assert.Equal(2.0 * pairs * 4096 * 16, visit.Flops);
            }

            Assert.Equal(Visible(options.Mask, plan.Queries, new PositionRange(0, length)), (long)plan.UnmaskedPairs.Lower);
        }
    }

    [Theory]
    [InlineData("full")]
    [InlineData("causal")]
    public async Task TheExplainedPlanIsTheOneThatRuns(string mask)
    {
        AttentionProblem problem = new() { Seed = 111, Length = 3300, Rows = 150, GroupSize = 256, HeadDimV = 4, Mask = AttentionMask.Parse(mask) };
        await using EmbeddedAttention client = Runs.Client();
        IAttentionSequence sequence = await client.FillAsync("s", problem);
        foreach ((int rows, long? first, long? length) in new (int, long?, long?)[] { (150, null, null), (1, null, null), (150, -100, null), (70, 1000, 2000), (150, null, 0), (0, null, null) })
        {
            AttendOptions options = problem.Options() with { FirstQueryPosition = first, Length = length };
            AttentionPlan plan = await sequence.ExplainAsync(rows, options);
            AttentionSummary run = (await sequence.AttendAsync(problem.QRows(0, rows), options)).Summary;
            Assert.Equal((plan.BlocksVisited, plan.BlocksSkipped), (run.BlocksComputed, run.BlocksSkipped));
            Assert.Equal((plan.Snapshot, plan.Queries.Start, plan.Queries.Length), (run.Snapshot, run.FirstQueryPosition, run.Rows));
            Assert.Equal(plan.Visits.Any(static v => v.Coverage != Coverage.None) ? 1 : 0, run.Partials); // in one process all rows are run at once
        }
    }

    /// <summary>Random owners and random gaps: every visible shard under exactly one node, of its owner, of the tree, and no node could be larger.</summary>
    [Theory]
    [InlineData(1024, 1)]
    [InlineData(4096, 2)]
    [InlineData(16384, 3)]
    public void NodesHoldEveryVisibleShardOnceAndAreAsLargeAsTheyCanBe(int shardLength, int seed)
    {
        SeededData data = new((ulong)seed);
        int shardLevel = int.Log2(shardLength / 1024);
        for (int round = 0; round < 200; round++)
        {
            int count = data.NextInt(40) + 1;
            int owners = data.NextInt(4) + 1;
            List<ShardSlice> visible = [];
            for (int i = 0; i < count; i++)
            {
                if (data.NextInt(4) > 0)
                {
                    visible.Add(new ShardSlice(new ShardEntry(new ShardId(Guid.Empty, i, 0), new OwnerId($"owner{data.NextInt(owners)}")), data.NextInt(shardLength) + 1));
                }
            }

            TreeNode root = TreeNode.Root((long)count * shardLength);
            IReadOnlyList<OwnerWork> work = OwnerWork.Assign(visible, shardLength, root);
            Assert.Equal(work.Count, work.Select(static w => w.Owner).Distinct().Count());
            Assert.Equal(visible.Sum(static s => (long)s.Length), work.Sum(static w => w.Positions));
            List<(TreeNode Node, OwnerId Owner)> nodes = [.. work.SelectMany(static w => w.Nodes.Select(n => (n, w.Owner)))];
            foreach (ShardSlice slice in visible)
            {
                long run = (long)slice.Shard.Id.Index << shardLevel;
                Assert.Single(nodes, n => n.Node.FirstRun <= run && run < n.Node.EndRun);
                Assert.Contains(slice, work.Single(w => w.Owner == slice.Shard.Owner).Shards);
            }

            foreach ((TreeNode node, OwnerId owner) in nodes)
            {
                Assert.InRange(node.Level, shardLevel, Math.Max(shardLevel, root.Level));
                Assert.Equal([owner], OwnersUnder(visible, node, shardLevel));
                Assert.True(node.Level >= root.Level || OwnersUnder(visible, new TreeNode(node.Level + 1, node.Index / 2), shardLevel).Count() > 1);
            }

            Assert.All(work, static w => Assert.Equal(w.Nodes.OrderBy(static n => n.FirstRun), w.Nodes));
            Assert.All(work, static w => Assert.Equal(w.Shards.OrderBy(static s => s.Shard.Id.Index), w.Shards));
        }

        Assert.Empty(OwnerWork.Assign([], shardLength, TreeNode.Root(0)));
    }

    [Fact]
    public void ARootHoldsItsPositionsAndNoSmallerNodeDoes()
    {
        foreach (long length in new[] { 0L, 1, 1024, 1025, 2048, 2049, 1_000_000, 1L << 40 })
        {
            TreeNode root = TreeNode.Root(length);
            Assert.Equal(0, root.Positions.Start);
            Assert.True(root.Positions.End >= length);
            Assert.True(root.Level == 0 || root.Left.Positions.End < length);
            Assert.Equal((root.FirstRun, root.EndRun), root.Level == 0 ? (0, 1) : (root.Left.FirstRun, root.Right.EndRun));
        }
    }

    [Theory]
    [InlineData(1, 64, 64, 4096)]
    [InlineData(1, 1, 576, 455)]
    [InlineData(4096, 576, 576, 1)]
    public void TilesAreBoundedByWhatGoesAndByWhatComesBack(int heads, int headDim, int headDimV, int rows)
    {
        SequenceSpec spec = new() { NumHeadsQ = heads, HeadDim = headDim, HeadDimV = headDimV };
        Assert.Equal(rows, Planner.TileRows(spec));
        Assert.Equal(Math.Max(1, (8 << 20) / (heads * ((65_536 * 8) + (1024 * 12L)))), Planner.TileRows(spec, new() { Bins = 65_536, TopK = 1024 }));
        Assert.InRange(Planner.TileRows(spec, new() { TopK = 1 }), 1, rows);
    }

    private static IEnumerable<OwnerId> OwnersUnder(List<ShardSlice> visible, TreeNode node, int shardLevel) =>
        visible.Where(s => node.FirstRun <= (long)s.Shard.Id.Index << shardLevel && (long)s.Shard.Id.Index << shardLevel < node.EndRun).Select(static s => s.Shard.Owner).Distinct();

    private static long Visible(AttentionMask mask, PositionRange queries, PositionRange positions)
    {
        long visible = 0;
        for (long q = queries.Start; q < queries.End; q++)
        {
            for (long kv = positions.Start; kv < positions.End; kv++)
            {
                visible += mask.IsVisible(q, kv) ? 1 : 0;
            }
        }

        return visible;
    }
}
