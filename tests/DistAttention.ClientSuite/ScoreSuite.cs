using System.Numerics.Tensors;

namespace DistAttention.ClientSuite;

/// <summary>Every score, rotation and way of keeping heads gives the bits of the kernels, whoever holds the rows.</summary>
public abstract class ScoreSuite
{
    private static readonly AttentionProblem _some = new() { Seed = 601, NumHeadsKv = 2, GroupSize = 2, HeadDim = 12, HeadDimV = 9, Length = 3300, Rows = 21, Mask = AttentionMask.Causal };

    /// <summary>The client; the same for all tests of a class.</summary>
    protected abstract IAttentionClient Client { get; }

    public static TheoryData<string> Names() => [.. ScoreCases.All(_some).Select(static c => c.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task EveryScore(string name)
    {
        AttentionProblem problem = Case(name);
        IAttentionSequence sequence = await Client.FillAsync(problem, 1024, 2000, 1, 77);
        AttentionResult result = await sequence.AttendAsync(problem.Q, problem.Options());
        Assert.True(problem.KernelDigest() == result.Digest(), $"Other bits; {problem}");

        // Where queries stand is part of the question: elsewhere, the answer is another one.
        AttentionProblem elsewhere = problem with { FirstQueryPosition = 1500 };
        result = await sequence.AttendAsync(problem.Q, elsewhere.Options());
        Assert.True(elsewhere.KernelDigest() == result.Digest(), $"Other bits; {elsewhere}");
    }

    [Theory]
    [InlineData("cap-alibi-bias-sinks")]
    [InlineData("rope")]
    [InlineData("rope-interleaved-partial-yarn")]
    [InlineData("latent-rope")]
    [InlineData("additive-alibi-sinks")]
    [InlineData("multiplicative-per-head-capped")]
    public async Task OneTokenAtATimeEqualsAllAtOnce(string name)
    {
        AttentionProblem whole = Case(name) with { Length = 1060, Rows = 40 };
        IAttentionSequence sequence = await Client.CreateSequenceAsync(ClientRuns.NewName(), whole.Spec());
        await sequence.AppendRowsAsync(whole, 0, 1020);
        List<float> output = [];
        List<float> lse = [];
        for (int step = 0; step < 40; step++)
        {
            AttentionResult result = await sequence.AppendAndAttendAsync(
                whole.KRows(1020 + step, 1), whole.VRows(1020 + step, 1), whole.QRows(step, 1), new() { Mask = whole.Mask, Score = whole.Score });
            output.AddRange(result.Output.Span);
            lse.AddRange(result.Lse.Span);
        }

        Assert.Equal(whole.KernelDigest(), BitDigest.Of([.. output], [.. lse]));
    }

    [Theory]
    [InlineData(KvDataType.Float16)]
    [InlineData(KvDataType.Int8)]
    public async Task StoredTypes(KvDataType type)
    {
        foreach (string name in (string[])["cap-alibi-bias-sinks", "latent-rope", "additive-projected", "rope"])
        {
            AttentionProblem problem = Case(name) with { KvType = type };
            IAttentionSequence sequence = await Client.FillAsync(problem, 1024, 900);
            AttentionResult result = await sequence.AttendAsync(problem.Q, problem.Options());
            Assert.True(problem.KernelDigest() == result.Digest(), $"Other bits; {problem}");
        }
    }

    [Fact]
    public async Task RowsKeepTheirPositionsInForksAndAfterTruncation()
    {
        AttentionProblem whole = Case("rope");
        AttentionProblem problem = whole with { Length = 2500 };
        IAttentionSequence first = await Client.FillAsync(whole, 1024);
        IAttentionSequence fork = await first.ForkAsync(ClientRuns.NewName(), 1700);
        await first.TruncateAsync(1300);
        await first.AppendRowsAsync(whole, 1300, 1200);
        await fork.AppendRowsAsync(whole, 1700, 800, 300);
        string expected = problem.PrefixDigest(whole);
        Assert.Equal(expected, (await first.AttendAsync(problem.Q, problem.Options())).Digest());
        Assert.Equal(expected, (await fork.AttendAsync(problem.Q, problem.Options())).Digest());
    }

    [Fact]
    public async Task AttentionMassOfAModifiedScore()
    {
        AttentionProblem problem = Case("cap-alibi-bias-sinks");
        AttentionMassOptions options = new() { Mask = problem.Mask, Score = problem.Score, TopK = 4, Bins = 9 };
        IAttentionSequence one = await Client.FillAsync(problem, 4096);
        IAttentionSequence many = await Client.FillAsync(problem, 1024);
        AttentionMass mass = await many.AttentionMassAsync(problem.Q, options);
        Assert.Equal((await one.AttentionMassAsync(problem.Q, options)).Digest(), mass.Digest());

        // What is not on any position is on the sink.
        AttentionResult result = await many.AttendAsync(problem.Q, problem.Options());
        for (int slot = 0; slot < problem.Rows * problem.NumHeadsQ; slot++)
        {
            double seen = mass.BinMass.Span.Slice(slot * 9, 9).ToArray().Sum(static bin => (double)bin);
            double sink = Math.Exp(problem.Score.SinkLogits!.Values[slot % problem.NumHeadsQ] - result.Lse.Span[slot]);
            Assert.Equal(1, seen + sink, 1e-5);
        }
    }

    [Fact]
    public async Task ScoresThatDoNotFitTheSequenceAreRefused()
    {
        AttentionProblem problem = Case("additive-projected") with { Length = 10, Rows = 1 };
        IAttentionSequence sequence = await Client.FillAsync(problem);
        InvalidSpecException error = await Assert.ThrowsAsync<InvalidSpecException>(() => sequence.AttendAsync(problem.Q));
        Assert.Equal(nameof(AttendOptions.Score), error.Property);
        error = await Assert.ThrowsAsync<InvalidSpecException>(() => sequence.AttendAsync(problem.Q, new() { Score = new DotScore { SinkLogits = FloatTable.Of([1f, 2, 3]) } }));
        Assert.Equal(nameof(ScoreFunction.SinkLogits), error.Property);
        await Assert.ThrowsAsync<InvalidSpecException>(() => sequence.AppendAndAttendAsync(problem.KRows(0, 1), problem.VRows(0, 1), problem.Q));
        Assert.Equal(10, (await sequence.GetInfoAsync()).Length);
    }

    [Theory]
    [InlineData(50)]
    [InlineData(5000)]
    public async Task KeysThatCannotBeStoredOnceProjectedAreNamed(int rows)
    {
        SequenceSpec spec = new() { NumHeadsQ = 2, NumHeadsKv = 2, HeadDim = 64, KvType = KvDataType.Float16, ShardLength = 1024, KeyProjection = FloatTable.Of([.. Enumerable.Repeat(1000f, 64 * 64)], 1, 64, 64) };
        IAttentionSequence sequence = await Client.CreateSequenceAsync(ClientRuns.NewName(), spec);
        float[] k = new float[rows * 128];
        float[] v = new float[rows * 128];
        k[((rows - 3) * 128) + 64] = 70;
        InvalidTensorException error = await Assert.ThrowsAsync<InvalidTensorException>(() => sequence.AppendAsync(k, v));
        Assert.Equal(("k", rows - 3L, 1), (error.Tensor, error.Token, error.Head));
        Assert.Equal(0, (await sequence.GetInfoAsync()).Length);

        k[((rows - 3) * 128) + 64] = 60;
        await sequence.AppendAsync(k, v);
        Assert.Equal(rows, (await sequence.GetInfoAsync()).Length);
    }

    [Fact]
    public async Task QueriesThatOverflowOnceProjectedAreNamed()
    {
        IAttentionSequence sequence = await Client.CreateSequenceAsync(ClientRuns.NewName(), new() { NumHeadsQ = 2, NumHeadsKv = 1, HeadDim = 64 });
        await sequence.AppendAsync(new float[64], new float[64]);
        float[] q = new float[3000 * 128];
        q[(2900 * 128) + 64] = 1e30f;
        MultiplicativeScore score = new(FloatTable.Of([.. Enumerable.Repeat(1e10f, 64 * 64)], 1, 64, 64));
        NumericOverflowException error = await Assert.ThrowsAsync<NumericOverflowException>(() => sequence.AttendAsync(q, new() { Score = score }));
        Assert.Equal((2900L, 1), (error.Row, error.Head));
    }

    [Fact]
    public async Task WhereValuesAreAPartOfKeysNoneAreTaken()
    {
        IAttentionSequence sequence = await Client.CreateSequenceAsync(ClientRuns.NewName(), new() { HeadDim = 4, HeadDimV = 3, ValueFromKeyPrefix = true });
        ShapeMismatchException error = await Assert.ThrowsAsync<ShapeMismatchException>(() => sequence.AppendAsync(new float[8], new float[6]));
        Assert.Equal("v", error.Tensor);
        await sequence.AppendAsync(new float[] { 1, 2, 3, 4 }, default);
        AttentionResult result = await sequence.AttendAsync(new float[] { 1, 1, 1, 1 });
        Assert.Equal([1f, 2, 3], result.Output.ToArray());
        await sequence.AppendAsync(Tensor.Create([5f, 6, 7, 8], [1, 4]));
        Assert.Equal(2, (await sequence.GetInfoAsync()).Length);
    }

    private static AttentionProblem Case(string name) => ScoreCases.All(_some).Single(c => c.Name == name).Problem;
}
