namespace DistAttention.Kernels.Tests;

/// <summary>However a query is cut into nodes, rows and calls, the bits are the same.</summary>
public sealed class SplitTests
{
    public static TheoryData<KvDataType, string> Kinds
    {
        get
        {
            TheoryData<KvDataType, string> kinds = [];
            foreach (KvDataType type in Enum.GetValues<KvDataType>())
            {
                kinds.Add(type, "full");
                kinds.Add(type, "causal");
            }

            return kinds;
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Nodes_of_every_level_merge_to_the_same_bits(KvDataType type, string mask)
    {
        AttentionProblem problem = Problem(type, mask) with { Rows = 60, Length = 7 * 1024 + 300, FirstQueryPosition = 4000 };
        using PackedSequence sequence = problem.Pack();
        string expected = Digest(problem, problem.Root(sequence));
        using KernelScratch scratch = new();
        for (int level = 0; level <= 3; level++)
        {
            List<PartialBuffer> nodes = [];
            for (int run = 0; run < 8; run += 1 << level)
            {
                PartialBuffer node = new(problem.Rows, problem.NumHeadsQ, problem.HeadDimV);
                node.Span.Output.Fill(float.NaN); // all of it has to be written
                for (int headKv = 0; headKv < problem.NumHeadsKv; headKv++)
                {
                    // The owner of this node holds its runs only.
                    AttentionKernel.ComputeNode(
                        sequence.View(run, 1 << level), headKv, problem.QueryTile, 0, problem.Rows, run, level, node.Span, scratch, CancellationToken.None);
                }

                nodes.Add(node);
            }

            while (nodes.Count > 1)
            {
                for (int i = 0; i < nodes.Count; i++)
                {
                    PartialMerge.Merge(nodes[i].Span, nodes[i + 1].Span);
                    nodes.RemoveAt(i + 1);
                }
            }

            Assert.True(expected == Digest(problem, nodes[0]), $"level {level}; {problem}");
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Row_ranges_give_the_same_bits(KvDataType type, string mask)
    {
        AttentionProblem problem = Problem(type, mask) with { Rows = 110, Length = 1700, FirstQueryPosition = 900 };
        using PackedSequence sequence = problem.Pack();
        string expected = Digest(problem, problem.Root(sequence));
        using KernelScratch scratch = new();
        foreach (int step in new[] { 1, 2, 7, 16, 33, 64 })
        {
            PartialBuffer root = new(problem.Rows, problem.NumHeadsQ, problem.HeadDimV);
            for (int headKv = 0; headKv < problem.NumHeadsKv; headKv++)
            {
                for (int row = 0; row < problem.Rows; row += step)
                {
                    int count = Math.Min(step, problem.Rows - row);
                    AttentionKernel.ComputeNode(sequence.View(), headKv, problem.QueryTile, row, count, 0, 20, root.Span, scratch, CancellationToken.None);
                }
            }

            Assert.True(expected == Digest(problem, root), $"{step} rows at a time; {problem}");
        }
    }

    [Fact]
    public void Chunks_and_long_sequences_give_the_same_bits()
    {
        // More query vectors than one chunk holds, and enough runs for several partials in flight.
        AttentionProblem problem = new() { Seed = 83, HeadDim = 64, HeadDimV = 64, Rows = 1100, Length = 9000, Mask = AttentionMask.Causal, FirstQueryPosition = 7900 };
        using PackedSequence sequence = problem.Pack();
        string expected = Digest(problem, problem.Root(sequence));
        PartialBuffer pieces = new(problem.Rows, 1, 64);
        using KernelScratch scratch = new();
        for (int row = 0; row < problem.Rows; row += 100)
        {
            AttentionKernel.ComputeNode(sequence.View(), 0, problem.QueryTile, row, 100, 0, 20, pieces.Span, scratch, CancellationToken.None);
        }

        Assert.Equal(expected, Digest(problem, pieces));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Other_rows_and_heads_are_left_alone_and_nothing_is_written_outside(int headsKv)
    {
        AttentionProblem problem = Problem(KvDataType.Float32, "causal") with { Rows = 50, Length = 300, NumHeadsKv = 4 };
        using PackedSequence sequence = problem.Pack();
        using KernelScratch scratch = new();
        foreach ((KernelChoice choice, int width) in WidthData.Ways)
        {
            int heads = problem.Rows * problem.NumHeadsQ;
            GuardedBuffer<float> max = new(heads);
            GuardedBuffer<float> sum = new(heads);
            GuardedBuffer<float> output = new(heads * problem.HeadDimV);
            GuardedBuffer<float> q = new(problem.Q);
            output.Span.Fill(7);
            PartialSpan destination = new(max.Span, sum.Span, output.Span, problem.Rows, problem.NumHeadsQ, problem.HeadDimV);
            QueryTile tile = new(q.Span, problem.Rows, problem.NumHeadsQ, 250, problem.QueryTile.Score, problem.QueryTile.Mask);
            AttentionKernel.ComputeNode(sequence.View(), tile, new NodePart(1, headsKv, 10, 25, 0, 3), destination, scratch, choice, width, CancellationToken.None);
            Assert.True(max.IsIntact && sum.IsIntact && output.IsIntact && q.IsIntact);
            for (int i = 0; i < output.Span.Length; i++)
            {
                int row = i / (problem.NumHeadsQ * problem.HeadDimV);
                int head = i / problem.HeadDimV % problem.NumHeadsQ;
                bool mine = row is >= 10 and < 35 && head / problem.GroupSize is int headKv && headKv >= 1 && headKv < 1 + headsKv;
                Assert.Equal(mine, output.Span[i] != 7);
            }
        }
    }

    [Fact]
    public void Reused_scratch_leaves_no_trace()
    {
        AttentionProblem problem = Problem(KvDataType.Int8, "causal") with { Rows = 70, Length = 1500 };
        AttentionProblem other = Problem(KvDataType.Float32, "full") with { Rows = 300, Length = 600, VFactor = 1e30, Seed = 82 };
        using PackedSequence sequence = problem.Pack();
        using PackedSequence otherSequence = other.Pack();
        string expected = Digest(problem, problem.Root(sequence));
        using KernelScratch scratch = new();
        PartialBuffer otherRoot = new(other.Rows, other.NumHeadsQ, other.HeadDimV);
        AttentionKernel.ComputeNode(otherSequence.View(), 0, other.QueryTile, 0, other.Rows, 0, 20, otherRoot.Span, scratch, CancellationToken.None);
        PartialBuffer root = new(problem.Rows, problem.NumHeadsQ, problem.HeadDimV);
        for (int headKv = 0; headKv < problem.NumHeadsKv; headKv++)
        {
            AttentionKernel.ComputeNode(sequence.View(), headKv, problem.QueryTile, 0, problem.Rows, 0, 20, root.Span, scratch, CancellationToken.None);
        }

        Assert.Equal(expected, Digest(problem, root));
    }

    [Fact]
    public void Cancellation_is_looked_at_between_tiles()
    {
        AttentionProblem problem = Problem(KvDataType.Float32, "full") with { Length = 3000 };
        using PackedSequence sequence = problem.Pack();
        using KernelScratch scratch = new();
        using CancellationTokenSource source = new();
        source.Cancel();
        PartialBuffer root = new(problem.Rows, problem.NumHeadsQ, problem.HeadDimV);
        Assert.Throws<OperationCanceledException>(() =>
            AttentionKernel.ComputeNode(sequence.View(), 0, problem.QueryTile, 0, problem.Rows, 0, 20, root.Span, scratch, source.Token));
    }

    [Fact]
    public void Kernels_allocate_nothing()
    {
        foreach (int rows in new[] { 1, 100 })
        {
            AttentionProblem problem = Problem(KvDataType.BFloat16, "causal") with { Rows = rows, Length = 3000 };
            using PackedSequence sequence = problem.Pack();
            using KernelScratch scratch = new();
            PartialBuffer root = new(problem.Rows, problem.NumHeadsQ, problem.HeadDimV);
            CompiledMask mask = problem.QueryTile.Mask;
            CompiledScore score = CompiledScore.OfScale(1);
            long before = 0;
            for (int round = 0; round < 2; round++)
            {
                before = GC.GetAllocatedBytesForCurrentThread();
                QueryTile tile = new(problem.Q, rows, problem.NumHeadsQ, 2000, score, mask);
                AttentionKernel.ComputeNode(sequence.View(), 0, tile, 0, rows, 0, 20, root.Span, scratch, CancellationToken.None);
            }

            Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        }
    }

    [Fact]
    public void Wrong_arguments_are_refused()
    {
        AttentionProblem problem = Problem(KvDataType.Float32, "full");
        using PackedSequence sequence = problem.Pack();
        using KernelScratch scratch = new();
        PartialBuffer root = new(problem.Rows, problem.NumHeadsQ, problem.HeadDimV);
        PartialBuffer wrong = new(problem.Rows + 1, problem.NumHeadsQ, problem.HeadDimV);
        void Compute(int headKv = 0, int row = 0, int rows = 1, long run = 0, int level = 0, PartialBuffer? to = null) =>
            AttentionKernel.ComputeNode(sequence.View(), headKv, problem.QueryTile, row, rows, run, level, (to ?? root).Span, scratch, CancellationToken.None);

        Compute();
        Assert.ThrowsAny<ArgumentException>(() => Compute(headKv: 2));
        Assert.ThrowsAny<ArgumentException>(() => Compute(row: problem.Rows));
        Assert.ThrowsAny<ArgumentException>(() => Compute(rows: -1));
        Assert.ThrowsAny<ArgumentException>(() => Compute(run: 1, level: 1));
        Assert.ThrowsAny<ArgumentException>(() => Compute(level: 60));
        Assert.ThrowsAny<ArgumentException>(() => Compute(to: wrong));
        Assert.ThrowsAny<ArgumentException>(() => new KvView(problem.Layout, [], 256, 1000));
    }

    private static AttentionProblem Problem(KvDataType type, string mask) => new()
    {
        Seed = 81,
        HeadDim = 20,
        HeadDimV = 36,
        NumHeadsKv = 2,
        GroupSize = 3,
        Rows = 30,
        Length = 800,
        KvType = type,
        Mask = AttentionMask.Parse(mask),
    };

    private static string Digest(AttentionProblem problem, PartialBuffer root)
    {
        (float[] output, float[] lse) = problem.Finish(root);
        return BitDigest.Of(output, lse);
    }
}
