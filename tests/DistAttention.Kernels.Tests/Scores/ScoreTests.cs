namespace DistAttention.Kernels.Tests;

public sealed class ScoreTests
{
    private static readonly int[] Widths = [512, 256, 128];

    /// <summary>Several runs and a torn tile, rows that see nothing, and groups of heads that do not divide vectors.</summary>
    private static readonly AttentionProblem Some = new() { Seed = 91, NumHeadsKv = 2, GroupSize = 3, HeadDim = 12, HeadDimV = 9, Length = 1400, Rows = 23, Mask = AttentionMask.Causal, FirstQueryPosition = 640 };

    public static TheoryData<string> Names() => [.. ScoreCases.All(Some).Select(static c => c.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void EveryKernelAndWidthGivesTheSameBitsAsGoodAsFloat32(string name)
    {
        foreach (AttentionProblem some in (AttentionProblem[])[Some, Some with { Mask = AttentionMask.Full, FirstQueryPosition = -5, Length = 300 }, Some with { GroupSize = 1, Rows = 70, FirstQueryPosition = 1000 }])
        {
            AttentionProblem problem = Case(name, some);
            using PackedSequence sequence = problem.Pack();
            (float[] output, float[] lse) = problem.Compute(sequence);
            problem.AssertAsGoodAsFloat32(sequence, output, lse);
            AssertSameBits(problem, sequence, BitDigest.Of(output, lse));
        }
    }

    [Theory]
    [InlineData(KvDataType.Float16)]
    [InlineData(KvDataType.BFloat16)]
    [InlineData(KvDataType.Int8)]
    public void StoredTypes(KvDataType type)
    {
        foreach ((string name, AttentionProblem problem) in ScoreCases.All(Some with { KvType = type, Rows = 9, Length = 600, FirstQueryPosition = 591 }))
        {
            using PackedSequence sequence = problem.Pack();
            (float[] output, float[] lse) = problem.Compute(sequence);
            problem.AssertAsGoodAsFloat32(sequence, output, lse);
            AssertSameBits(problem, sequence, BitDigest.Of(output, lse));
            Assert.NotEmpty(name);
        }
    }

    [Theory]
    [InlineData(KvDataType.Float32)]
    [InlineData(KvDataType.Float16)]
    [InlineData(KvDataType.BFloat16)]
    public void ValuesThatAreAPartOfKeysGiveTheBitsOfValuesStoredTwice(KvDataType type)
    {
        AttentionProblem once = Some with { KvType = type, HeadDim = 40, HeadDimV = 21, ValueFromKeyPrefix = true };
        using PackedSequence sequence = once.Pack();
        float[] v = new float[once.Length * once.NumHeadsKv * once.HeadDimV];
        for (int i = 0; i < once.Length * once.NumHeadsKv; i++)
        {
            once.K.AsSpan(i * once.HeadDim, once.HeadDimV).CopyTo(v.AsSpan(i * once.HeadDimV));
        }

        using PackedSequence twice = PackedSequence.Of(once.Layout with { ValueFromKeyPrefix = false }, once.K, v);
        Assert.True(sequence.Layout.BlockBytes < 0.7 * twice.Layout.BlockBytes);
        (float[] output, float[] lse) = once.Compute(twice);
        AssertSameBits(once, sequence, BitDigest.Of(output, lse));
    }

    [Fact]
    public void ARowThatSeesNothingAnswersItsSink()
    {
        AttentionProblem problem = Some with { FirstQueryPosition = -40, ScoreFunction = new ScaledDotScore { SinkLogits = FloatTable.Of([1f, 2, 3, 4, 5, 6]) } };
        using PackedSequence sequence = problem.Pack();
        (float[] output, float[] lse) = problem.Compute(sequence);
        Assert.All(output, static o => Assert.Equal(0, BitConverter.SingleToInt32Bits(o)));
        for (int i = 0; i < lse.Length; i++)
        {
            Assert.Equal(1 + (i % 6), lse[i], 1e-6);
        }
    }

    [Fact]
    public void ScoresThatOverflowAreNamedWhateverWouldBendThem()
    {
        foreach (ScoreFunction score in (ScoreFunction[])[new ScaledDotScore { SoftCap = 5 }, new DotScore { AlibiSlopes = FloatTable.Of([1f]) }, new DotScore { RelativeBias = new(FloatTable.Of([1f], 1, 1)) }])
        {
            AttentionProblem problem = Some with { QFactor = 1e25, KFactor = 1e25, ScoreFunction = score };
            using PackedSequence sequence = problem.Pack();
            foreach (KernelChoice choice in (KernelChoice[])[KernelChoice.QueryLanes, KernelChoice.KeyLanes])
            {
                NumericOverflowException error = Assert.Throws<NumericOverflowException>(() => problem.Compute(sequence, choice, 256));
                Assert.InRange(error.Row, 0, problem.Rows - 1);
            }
        }
    }

    [Fact]
    public void AdditiveScoresOfHugeKeysDoNotOverflow()
    {
        AttentionProblem problem = Some with { QFactor = 1e38, KFactor = 1e37, ScoreFunction = new AdditiveScore(FloatTable.Of(new SeededData(4).Normal(12), 1, 12)) };
        using PackedSequence sequence = problem.Pack();
        (float[] output, float[] lse) = problem.Compute(sequence);
        Assert.All(lse, static l => Assert.True(float.IsFinite(l)));
        problem.AssertAsGoodAsFloat32(sequence, output, lse);
        AssertSameBits(problem, sequence, BitDigest.Of(output, lse));
    }

    [Fact]
    public void DistancesBeyondExactFloatsGiveTheSameBitsEverywhere()
    {
        AttentionProblem problem = Some with { Mask = AttentionMask.Full, FirstQueryPosition = (1L << 40) + 12345, ScoreFunction = new ScaledDotScore { AlibiSlopes = FloatTable.Of([1e-9f]) } };
        using PackedSequence sequence = problem.Pack();
        (float[] output, float[] lse) = problem.Compute(sequence);
        AssertSameBits(problem, sequence, BitDigest.Of(output, lse));
    }

    private static AttentionProblem Case(string name, AttentionProblem some) => ScoreCases.All(some).Single(c => c.Name == name).Problem;

    private static void AssertSameBits(AttentionProblem problem, PackedSequence sequence, string expected)
    {
        foreach (int width in Widths)
        {
            foreach (KernelChoice choice in (KernelChoice[])[KernelChoice.QueryLanes, KernelChoice.KeyLanes])
            {
                (float[] output, float[] lse) = problem.Compute(sequence, choice, width);
                Assert.True(expected == BitDigest.Of(output, lse), $"{choice} at {width} gives other bits; {problem}");
            }
        }
    }
}
