namespace DistAttention.Kernels.Tests;

/// <summary>Inputs that break a careless online softmax.</summary>
public sealed class HazardTests
{
    private static readonly AttentionProblem Some = new() { Seed = 71, HeadDim = 24, HeadDimV = 20, Length = 1500, Rows = 40, GroupSize = 2 };

    [Theory]
    [InlineData(1e4, 1.0)]
    [InlineData(1e-4, 1.0)]
    [InlineData(0.0, 1.0)]
    [InlineData(1e-40, 1.0)]
    [InlineData(1.0, 1e-40)]
    [InlineData(30.0, 1e30)]
    public void Hostile_logits_and_values_are_as_good_as_float32(double qFactor, double vFactor)
    {
        foreach (AttentionMask mask in new[] { AttentionMask.Full, AttentionMask.Causal })
        {
            AttentionProblem problem = Some with { QFactor = qFactor, VFactor = vFactor, Mask = mask };
            using PackedSequence sequence = problem.Pack();
            (float[] output, float[] lse) = problem.Compute(sequence);
            problem.AssertAsGoodAsFloat32(sequence, output, lse);
            AssertSameBitsEveryWay(problem, sequence);
        }
    }

    /// <summary>Decode leaves a multiplication of float16 to the queries, unless they are too large for it.</summary>
    [Theory]
    [InlineData(1.0, 1.0)]
    [InlineData(1e3, 1e-3)]
    [InlineData(1e4, 1e-5)]
    [InlineData(1e7, 1e-6)]
    [InlineData(1e-40, 1e-6)]
    public void Float16_has_the_same_bits_whatever_the_size_of_queries(double qFactor, double kvFactor)
    {
        AttentionProblem problem = Some with { KvType = KvDataType.Float16, QFactor = qFactor, KFactor = kvFactor, VFactor = kvFactor };
        using PackedSequence sequence = problem.Pack();
        AssertSameBitsEveryWay(problem, sequence);
    }

    [Fact]
    public void Scores_that_climb_or_fall_by_ten_thousand_per_tile_are_exact()
    {
        foreach (float sign in new[] { 1f, -1f })
        {
            AttentionProblem problem = new() { HeadDim = 1, HeadDimV = 1, Length = 1024, Rows = 20, SmScale = 1 };
            problem.Q.AsSpan().Fill(1);
            for (int i = 0; i < 1024; i++)
            {
                problem.K[i] = sign * (i / 256) * 1e4f;
                problem.V[i] = i / 256;
            }

            using PackedSequence sequence = problem.Pack();
            (float[] output, float[] lse) = problem.Compute(sequence);
            Assert.All(output, o => Assert.Equal(sign > 0 ? 3f : 0f, o));
            Assert.All(lse, l => Assert.Equal((sign > 0 ? 3e4 : 0) + Math.Log(256), l, 3e-3));
        }
    }

    [Fact]
    public void Rows_that_see_nothing_are_zero_with_lse_minus_infinity()
    {
        AttentionProblem problem = Some with { Mask = AttentionMask.Causal, FirstQueryPosition = -30 };
        using PackedSequence sequence = problem.Pack();
        foreach ((KernelChoice choice, int width) in WidthData.Ways)
        {
            (float[] output, float[] lse) = problem.Compute(sequence, choice, width);
            Assert.All(lse[..60], l => Assert.Equal(float.NegativeInfinity, l));
            Assert.All(output[..(60 * 20)], o => Assert.Equal(0, BitConverter.SingleToInt32Bits(o)));
            Assert.All(lse[60..], l => Assert.True(float.IsFinite(l)));
        }
    }

    [Fact]
    public void Nothing_to_attend_to_gives_empty_rows()
    {
        AttentionProblem problem = Some with { Length = 0 };
        using PackedSequence sequence = problem.Pack();
        PartialBuffer root = problem.Root(sequence);
        (float[] output, float[] lse) = problem.Finish(root);
        Assert.All(output, o => Assert.Equal(0, BitConverter.SingleToInt32Bits(o)));
        Assert.All(lse, l => Assert.Equal(float.NegativeInfinity, l));
    }

    [Fact]
    public void A_key_that_a_row_does_not_see_changes_nothing_of_it()
    {
        AttentionProblem problem = Some with { Mask = AttentionMask.Causal, GroupSize = 1 };
        using PackedSequence sequence = problem.Pack();
        float[] k = [.. problem.K];
        float[] v = [.. problem.V];
        long first = problem.EffectiveFirstQueryPosition;
        const int Row = 20;

        // Beyond the row's own position everything is replaced by what would be its largest score and value.
        for (int i = (int)(first + Row + 1) * problem.HeadDim; i < k.Length; i++)
        {
            k[i] = 1e30f;
        }

        v.AsSpan((int)(first + Row + 1) * problem.HeadDimV).Fill(-1e30f);
        using PackedSequence other = PackedSequence.Of(problem.Layout, k, v);
        foreach ((KernelChoice choice, int width) in WidthData.Ways)
        {
            (float[] expected, _) = problem.Compute(sequence, choice, width);
            (float[] actual, _) = problem.Compute(other, choice, width);
            Assert.Equal(expected[..((Row + 1) * 20)], actual[..((Row + 1) * 20)]);
        }
    }

    [Fact]
    public void Hidden_tiles_that_are_computed_change_no_bit()
    {
        // Row 0 sees one tile. Alone, the others are skipped; in a group with row 500, they are computed and masked.
        AttentionProblem problem = Some with { Rows = 600, GroupSize = 1, Mask = AttentionMask.Causal, FirstQueryPosition = 100 };
        using PackedSequence sequence = problem.Pack();
        using KernelScratch scratch = new();
        PartialBuffer together = problem.Root(sequence, KernelChoice.QueryLanes);
        PartialBuffer keyLanes = problem.Root(sequence, KernelChoice.KeyLanes);
        PartialBuffer alone = new(problem.Rows, 1, problem.HeadDimV);
        for (int row = 0; row < problem.Rows; row++)
        {
            AttentionKernel.ComputeNode(sequence.View(), 0, problem.QueryTile, row, 1, 0, 20, alone.Span, scratch, CancellationToken.None);
        }

        string expected = Digest(problem, alone);
        Assert.Equal(expected, Digest(problem, together));
        Assert.Equal(expected, Digest(problem, keyLanes));
    }

    [Fact]
    public void No_minus_zero_leaves()
    {
        AttentionProblem problem = new() { HeadDim = 4, HeadDimV = 16, Length = 300, Rows = 20, KFactor = 0 };
        for (int i = 0; i < problem.V.Length; i++)
        {
            problem.V[i] = (i % 3) switch { 0 => -0f, 1 => -1e-45f, _ => 0f };
        }

        using PackedSequence sequence = problem.Pack();
        foreach ((KernelChoice choice, int width) in WidthData.Ways)
        {
            (float[] output, float[] lse) = problem.Compute(sequence, choice, width);
            Assert.DoesNotContain(output, o => o == 0 && float.IsNegative(o));
            Assert.DoesNotContain(lse, l => l == 0 && float.IsNegative(l));
        }

        AttentionProblem one = new() { HeadDim = 1, HeadDimV = 1, Length = 1, Rows = 1 };
        one.Q[0] = -0f;
        one.K[0] = 1;
        one.V[0] = -0f;
        using PackedSequence single = one.Pack();
        (float[] o1, float[] l1) = one.Compute(single);
        Assert.Equal(0, BitConverter.SingleToInt32Bits(o1[0]));
        Assert.Equal(0, BitConverter.SingleToInt32Bits(l1[0]));
    }

    [Theory]
    [InlineData(KvDataType.Float32)]
    [InlineData(KvDataType.Float16)]
    [InlineData(KvDataType.BFloat16)]
    public void Subnormal_keys_and_values_are_not_flushed(KvDataType type)
    {
        float tiny = type == KvDataType.Float16 ? MathF.ScaleB(1, -24) : type == KvDataType.BFloat16 ? MathF.ScaleB(1, -133) : 1e-45f;
        AttentionProblem problem = new() { HeadDim = 1, HeadDimV = 1, Length = 256, Rows = 2, SmScale = 1, KvType = type };
        problem.K.AsSpan().Fill(tiny);
        problem.V.AsSpan().Fill(tiny);
        problem.Q.AsSpan().Fill(1);
        using PackedSequence sequence = problem.Pack();
        foreach ((KernelChoice choice, int width) in WidthData.Ways)
        {
            (float[] output, _) = problem.Compute(sequence, choice, width);
            Assert.All(output, o => Assert.Equal(tiny, o));
        }
    }

    [Theory]
    [InlineData(KvDataType.Float32)]
    [InlineData(KvDataType.Float16)]
    [InlineData(KvDataType.BFloat16)]
    [InlineData(KvDataType.Int8)]
    public void A_visible_score_that_overflows_names_its_row_and_head(KvDataType type)
    {
        AttentionProblem problem = Some with { KvType = type, NumHeadsKv = 2, Mask = AttentionMask.Causal };
        const int Row = 33;
        const int Head = 3;
        problem.Q.AsSpan(((Row * 4) + Head) * problem.HeadDim, problem.HeadDim).Fill(3e38f);
        problem.K.AsSpan(0, 2 * problem.HeadDim).Fill(5);
        using PackedSequence sequence = problem.Pack();
        foreach ((KernelChoice choice, int width) in WidthData.Ways)
        {
            NumericOverflowException error = Assert.Throws<NumericOverflowException>(() => problem.Root(sequence, choice, width));
            Assert.Equal((Row, Head), ((int)error.Row, error.Head));
            Assert.StartsWith("A score", error.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(KvDataType.Float32)]
    [InlineData(KvDataType.Int8)]
    public void A_hidden_score_may_overflow(KvDataType type)
    {
        AttentionProblem problem = new() { Seed = 72, HeadDim = 3, HeadDimV = 2, Length = 400, Rows = 20, KvType = type, Mask = AttentionMask.Causal, FirstQueryPosition = 200 };
        AttentionProblem calm = problem with { Seed = 72 };
        problem.K.AsSpan(230 * 3).Fill(1e38f);
        problem.Q.AsSpan().Fill(100);
        calm.Q.AsSpan().Fill(100);
        using PackedSequence sequence = problem.Pack();
        using PackedSequence calmSequence = calm.Pack();
        string expected = Digest(calm, calm.Root(calmSequence));
        foreach ((KernelChoice choice, int width) in WidthData.Ways)
        {
            Assert.Equal(expected, Digest(problem, problem.Root(sequence, choice, width)));
        }
    }

    [Fact]
    public void Scores_near_the_largest_float_are_still_answered()
    {
        AttentionProblem problem = new() { HeadDim = 2, HeadDimV = 1, Length = 300, Rows = 3, SmScale = 0.6931472f };
        problem.Q.AsSpan().Fill(1e30f);
        for (int i = 0; i < 300; i++)
        {
            problem.K[2 * i] = i == 150 ? 3e8f : -3e8f;
            problem.K[(2 * i) + 1] = 0;
            problem.V[i] = i;
        }

        using PackedSequence sequence = problem.Pack();
        foreach ((KernelChoice choice, int width) in WidthData.Ways)
        {
            (float[] output, float[] lse) = problem.Compute(sequence, choice, width);
            Assert.All(output, o => Assert.Equal(150f, o));
            Assert.All(lse, l => Assert.InRange(l, 2.07e38f, 2.08e38f));
        }
    }

    [Fact]
    public void An_output_that_overflows_names_its_row_and_head()
    {
        AttentionProblem problem = new() { HeadDim = 2, HeadDimV = 3, Length = 4, Rows = 2, NumHeadsKv = 2, QFactor = 0 };
        problem.V.AsSpan().Clear();
        for (int position = 0; position < 4; position++)
        {
            problem.V[(((position * 2) + 1) * 3) + 2] = 3e38f;
        }

        using PackedSequence sequence = problem.Pack();
        NumericOverflowException error = Assert.Throws<NumericOverflowException>(() => problem.Compute(sequence));
        Assert.Equal((0, 1), ((int)error.Row, error.Head));
        Assert.StartsWith("The output", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_lies_past_the_snapshot_changes_nothing()
    {
        AttentionProblem problem = Some with { Length = 700, FirstQueryPosition = 5000 };
        using PackedSequence sequence = problem.Pack();
        string expected = Digest(problem, problem.Root(sequence));
        SeededData data = new(73);
        sequence.Append(data.Normal(300 * problem.HeadDim, 1e30), data.Normal(300 * problem.HeadDimV, 1e30));
        foreach ((KernelChoice choice, int width) in WidthData.Ways)
        {
            using KernelScratch scratch = new();
            PartialBuffer root = new(problem.Rows, problem.NumHeadsQ, problem.HeadDimV);
            AttentionKernel.ComputeNode(
                sequence.View(length: 700), problem.QueryTile, new NodePart(0, 1, 0, problem.Rows, 0, 20), root.Span, scratch, choice, width, CancellationToken.None);
            Assert.Equal(expected, Digest(problem, root));
        }
    }

    private static void AssertSameBitsEveryWay(AttentionProblem problem, PackedSequence sequence)
    {
        string? expected = null;
        foreach ((KernelChoice choice, int width) in WidthData.Ways)
        {
            string digest = Digest(problem, problem.Root(sequence, choice, width));
            expected ??= digest;
            Assert.True(expected == digest, $"{choice} at {width} bits differs; {problem}");
        }
    }

    private static string Digest(AttentionProblem problem, PartialBuffer root)
    {
        (float[] output, float[] lse) = problem.Finish(root);
        return BitDigest.Of(output, lse);
    }
}
