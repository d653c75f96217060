namespace DistAttention.Kernels.Tests;

public sealed class MassKernelTests
{
    public static TheoryData<KvDataType, string, int, int> Kinds
    {
        get
        {
            TheoryData<KvDataType, string, int, int> kinds = [];
            foreach (KvDataType type in Enum.GetValues<KvDataType>())
            {
                kinds.Add(type, "full", 7, 5);
                kinds.Add(type, "causal", 3000, 40);
                kinds.Add(type, "causal", 0, 1);
                kinds.Add(type, "full", 64, 0);
            }

            return kinds;
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Mass_matches_the_reference_and_sums_to_one(KvDataType type, string mask, int bins, int topK)
    {
        AttentionProblem problem = Problem(type, mask);
        using PackedSequence sequence = problem.Pack();
        PartialBuffer root = problem.Root(sequence);
        MassBuffer mass = Compute(problem, sequence, root, bins, topK, LaneWidth.Preferred, [(0, 100)]);
        float[] binMass = new float[problem.Rows * problem.NumHeadsQ * bins];
        mass.Span.ReadBins(binMass);
        ReferenceAttention reference = problem.Reference(sequence);
        for (int row = 0; row < problem.Rows; row += 3)
        {
            for (int head = 0; head < problem.NumHeadsQ; head++)
            {
                int slot = (row * problem.NumHeadsQ) + head;
                double[] weights = reference.Weights(row, head, out _);
                bool sees = problem.EffectiveFirstQueryPosition + row >= 0 || mask == "full";
                Span<float> own = binMass.AsSpan(slot * bins, bins);
                double total = 0;
                for (int bin = 0; bin < bins; bin++)
                {
                    PositionRange range = AttentionMass.BinRange(bin, bins, problem.Length);
                    double expected = weights.AsSpan((int)range.Start, (int)range.Length).ToArray().Sum();
                    Assert.True(Math.Abs(own[bin] - expected) < 1e-6, $"bin {bin} of row {row}: {own[bin]} for {expected}; {problem}");
                    total += own[bin];
                }

                if (bins > 0)
                {
                    Assert.Equal(sees ? 1 : 0, total, 1e-5);
                }

                CheckTop(problem, mass, weights, row, slot, topK);
            }
        }
    }

    [Fact]
    public void Any_split_order_and_width_gives_the_same_mass()
    {
        AttentionProblem problem = Problem(KvDataType.BFloat16, "causal");
        using PackedSequence sequence = problem.Pack();
        PartialBuffer root = problem.Root(sequence);
        string expected = Digest(Compute(problem, sequence, root, 33, 20, LaneWidth.Preferred, [(0, 100)]));
        foreach (int width in new[] { 512, 256, 128 })
        {
            Assert.Equal(expected, Digest(Compute(problem, sequence, root, 33, 20, width, [(2, 1), (0, 1), (1, 1)])));
        }

        MassBuffer left = Compute(problem, sequence, root, 33, 20, 512, [(1, 2)]);
        MassBuffer right = Compute(problem, sequence, root, 33, 20, 512, [(0, 1)]);
        left.Span.Add(right.Span);
        Assert.Equal(expected, Digest(left));
    }

    [Fact]
    public void Equal_weights_are_listed_by_position()
    {
        AttentionProblem problem = new() { HeadDim = 2, HeadDimV = 1, Length = 2000, Rows = 20, QFactor = 0 };
        using PackedSequence sequence = problem.Pack();
        PartialBuffer root = problem.Root(sequence);
        MassBuffer mass = Compute(problem, sequence, root, 0, 300, 512, [(1, 1), (0, 1)]);
        for (int slot = 0; slot < problem.Rows; slot++)
        {
            Assert.Equal(Enumerable.Range(0, 300).Select(i => (long)i), mass.Span.TopPositions.Slice(slot * 300, 300).ToArray());
            Assert.All(mass.Span.TopWeights.Slice(slot * 300, 300).ToArray(), w => Assert.Equal(1f / 2000, w, 1e-9));
        }
    }

    [Fact]
    public void Visible_positions_of_weight_zero_are_listed_before_none()
    {
        AttentionProblem problem = new() { HeadDim = 1, HeadDimV = 1, Length = 6, Rows = 1, SmScale = 1, Mask = AttentionMask.Causal, FirstQueryPosition = 3 };
        problem.Q[0] = 1;
        new float[] { -1e6f, 0, -1e6f, 0, 5, 5 }.CopyTo(problem.K, 0);
        using PackedSequence sequence = problem.Pack();
        MassBuffer mass = Compute(problem, sequence, problem.Root(sequence), 0, 5, 512, [(0, 1)]);
        Assert.Equal([1, 3, 0, 2, -1], mass.Span.TopPositions.ToArray());
        Assert.Equal([0.5f, 0.5f, 0, 0, 0], mass.Span.TopWeights.ToArray());
    }

    private static void CheckTop(AttentionProblem problem, MassBuffer mass, double[] weights, int row, int slot, int topK)
    {
        Span<long> positions = mass.Span.TopPositions.Slice(slot * topK, topK);
        Span<float> top = mass.Span.TopWeights.Slice(slot * topK, topK);
        double[] best = [.. Enumerable.Range(0, problem.Length)
            .Where(kvPos => problem.Mask.IsVisible(problem.EffectiveFirstQueryPosition + row, kvPos))
            .Select(kvPos => weights[kvPos])
            .OrderDescending()
            .Take(topK)];
        for (int i = 0; i < topK; i++)
        {
            Assert.Equal(i < best.Length, positions[i] >= 0);
            if (i < best.Length)
            {
                Assert.True(Math.Abs(best[i] - top[i]) < 1e-6 && Math.Abs(weights[positions[i]] - top[i]) < 1e-6, $"place {i} of row {row}; {problem}");
            }
        }
    }

    private static MassBuffer Compute(AttentionProblem problem, PackedSequence sequence, PartialBuffer root, int bins, int topK, int width, (int First, int Count)[] runs)
    {
        using KernelScratch scratch = new();
        MassBuffer mass = new(problem.Rows, problem.NumHeadsQ, problem.Length, bins, topK);
        foreach ((int first, int count) in runs)
        {
            for (int headKv = 0; headKv < problem.NumHeadsKv; headKv++)
            {
                MassKernel.Accumulate(
                    sequence.View(), headKv, problem.QueryTile, 0, problem.Rows, first, count, root.Span, mass.Span, scratch, width, CancellationToken.None);
            }
        }

        return mass;
    }

    private static string Digest(MassBuffer mass) => BitDigest.Of(
        [.. mass.Span.Bins.ToArray().SelectMany(b => new[] { BitConverter.Int32BitsToSingle((int)b), BitConverter.Int32BitsToSingle((int)(b >> 32)) })],
        [.. mass.Span.TopPositions.ToArray().Select(p => (float)p)],
        mass.Span.TopWeights.ToArray());

    private static AttentionProblem Problem(KvDataType type, string mask) => new()
    {
        Seed = 101,
        HeadDim = 12,
        HeadDimV = 5,
        NumHeadsKv = 2,
        GroupSize = 3,
        Rows = 25,
        Length = 2500,
        KvType = type,
        Mask = AttentionMask.Parse(mask),
        FirstQueryPosition = mask == "causal" ? -5 : null,
    };
}
