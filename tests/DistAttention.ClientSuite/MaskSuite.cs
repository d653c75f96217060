namespace DistAttention.ClientSuite;

/// <summary>Every mask gives the bits of the kernels, whoever holds the rows and however much data the mask carries.</summary>
public abstract class MaskSuite
{
    private const int Length = 3300;

    private static readonly IReadOnlyDictionary<string, AttentionMask> _masks = MaskSamples.All(Length);

    private static readonly AttentionProblem _some = new() { Seed = 701, NumHeadsKv = 1, GroupSize = 2, HeadDim = 8, HeadDimV = 8, Length = Length, Rows = 60 };

    /// <summary>The client; the same for all tests of a class.</summary>
    protected abstract IAttentionClient Client { get; }

    public static TheoryData<string> Names() => [.. MaskSamples.All(100).Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task EveryMask(string name)
    {
        AttentionProblem problem = _some with { Mask = _masks[name] };
        IAttentionSequence sequence = await Client.FillAsync(problem, 1024);
        foreach (long first in (long[])[-10, 1050, Length - 50])
        {
            AttentionProblem there = problem with { FirstQueryPosition = first };
            AttentionResult result = await sequence.AttendAsync(there.Q, there.Options());
            Assert.True(there.KernelDigest() == result.Digest(), $"Other bits; {there}");
            AttentionPlan plan = await sequence.ExplainAsync(there.Rows, there.Options());
            Assert.Equal((plan.BlocksVisited, plan.BlocksSkipped), (result.Summary.BlocksComputed, result.Summary.BlocksSkipped));
            Assert.Equal(PairCount.Exactly(Visible(there)), plan.UnmaskedPairs);
            Assert.Equal(there.Mask.ToString(), plan.Mask);
        }
    }

    [Theory]
    [InlineData("causal")]
    [InlineData("last")]
    [InlineData("causal window")]
    [InlineData("chunk")]
    [InlineData("prefix")]
    [InlineData("streaming")]
    [InlineData("dilated")]
    [InlineData("random")]
    [InlineData("causal documents")]
    [InlineData("causal graph")]
    public async Task OneTokenAtATimeEqualsAllAtOnce(string name)
    {
        // What a row sees must not lie ahead of it: the rest of these masks is cut by causality.
        AttentionProblem whole = _some with { Mask = AttentionMask.Causal & MaskSamples.All(1060)[name], Length = 1060, Rows = 40 };
        IAttentionSequence sequence = await Client.CreateSequenceAsync(ClientRuns.NewName(), whole.Spec());
        await sequence.AppendRowsAsync(whole, 0, 1020);
        List<float> output = [];
        List<float> lse = [];
        for (int step = 0; step < 40; step++)
        {
            AttentionResult result = await sequence.AppendAndAttendAsync(
                whole.KRows(1020 + step, 1), whole.VRows(1020 + step, 1), whole.QRows(step, 1), new() { Mask = whole.Mask });
            output.AddRange(result.Output.Span);
            lse.AddRange(result.Lse.Span);
        }

        Assert.Equal(whole.KernelDigest(), BitDigest.Of([.. output], [.. lse]));
    }

    [Fact]
    public async Task BitsLargerThanAMessageTravelInParts()
    {
        // 18 MiB of bits, four times what a message carries.
        const int Size = 12_288;
        uint[] words = new uint[Size * (Size / 32)];
        SeededData data = new(702);
        for (int i = 0; i < words.Length; i += 2)
        {
            ulong bits = data.NextBits();
            (words[i], words[i + 1]) = ((uint)bits, (uint)(bits >> 32));
        }

        AttentionMask mask = AttentionMask.Causal & new BitMask(BitMatrix.FromWords(words, Size, Size));
        AttentionProblem problem = _some with { GroupSize = 1, HeadDim = 2, HeadDimV = 2, Length = Size, Rows = Size, Mask = mask };
        IAttentionSequence sequence = await Client.FillAsync(problem, 4096);
        Assert.Equal(problem.KernelDigest(), (await sequence.AttendAsync(problem.Q, problem.Options())).Digest());
        AttentionPlan plan = await sequence.ExplainAsync(Size, problem.Options());
        Assert.Equal(new PositionRange(0, Size), plan.Queries);
        Assert.InRange((double)plan.UnmaskedPairs.Lower / Size / Size, 0.24, 0.26);
    }

    [Theory]
    [InlineData("bits")]
    [InlineData("nested")]
    [InlineData("bigbird")]
    public async Task MassUnderAMask(string name)
    {
        AttentionProblem problem = _some with { Mask = _masks[name], FirstQueryPosition = 900 };
        AttentionMassOptions options = new() { Mask = problem.Mask, FirstQueryPosition = 900, TopK = 5, Bins = 7 };
        AttentionMass one = await (await Client.FillAsync(problem, 4096)).AttentionMassAsync(problem.Q, options);
        AttentionMass many = await (await Client.FillAsync(problem, 1024)).AttentionMassAsync(problem.Q, options);
        Assert.Equal(one.Digest(), many.Digest());
        ReadOnlySpan<long> positions = many.TopPositions.Span;
        for (int i = 0; i < positions.Length; i++)
        {
            Assert.True(positions[i] < 0 || problem.Mask.IsVisible(900 + (i / (2 * 5)), positions[i]));
        }
    }

    private static int Visible(AttentionProblem problem)
    {
        int count = 0;
        for (int row = 0; row < problem.Rows; row++)
        {
            for (int position = 0; position < problem.Length; position++)
            {
                count += problem.Mask.IsVisible(problem.EffectiveFirstQueryPosition + row, position) ? 1 : 0;
            }
        }

        return count;
    }
}
