namespace DistAttention.Engine.Tests.Embedded;

/// <summary>Values that break a careless engine.</summary>
public sealed class HazardTests
{
    private static readonly AttentionProblem _some = new() { Seed = 51, Length = 1400, Rows = 300, GroupSize = 64, HeadDim = 64, HeadDimV = 4 };

    [Theory]
    [InlineData("full")]
    [InlineData("causal")]
    public async Task AScoreThatOverflowsNamesItsRowInTheCall(string mask)
    {
        // 4,096 floats per row: 64 rows per tile, so row 250 is not in the first one. Its position is 1,350.
        AttentionProblem problem = _some with { Mask = AttentionMask.Parse(mask) };
        problem.K.AsSpan(1300 * 64, 64).Fill(1e30f);
        problem.Q.AsSpan(((250 * 64) + 9) * 64, 64).Fill(-1e10f);
        await using EmbeddedAttention client = Runs.Client();
        IAttentionSequence sequence = await client.FillAsync("s", problem);
        NumericOverflowException overflow = await Assert.ThrowsAsync<NumericOverflowException>(() => sequence.AttendAsync(problem.Q, problem.Options()));
        Assert.Equal((250, 9), (overflow.Row, overflow.Head));
        overflow = await Assert.ThrowsAsync<NumericOverflowException>(() => sequence.AttentionMassAsync(problem.Q, problem.MassOptions(bins: 3)));
        Assert.Equal((250, 9), (overflow.Row, overflow.Head));

        // Hidden from the row, the key does no harm.
        AttentionResult before = await sequence.AttendAsync(problem.Q, new() { Mask = AttentionMask.Causal, FirstQueryPosition = 900 });
        Assert.All(before.Lse.ToArray(), static l => Assert.True(float.IsFinite(l)));
    }

    [Fact]
    public async Task AnOutputThatOverflowsNamesItsRowInTheCall()
    {
        AttentionProblem problem = new() { Length = 2000, Rows = 100, GroupSize = 128, HeadDim = 32, HeadDimV = 4, Mask = AttentionMask.Causal, FirstQueryPosition = 1500 };
        problem.Q.AsSpan().Clear();
        problem.V.AsSpan().Clear();
        problem.V.AsSpan(1580 * 4, 40).Fill(3.4e38f);
        await using EmbeddedAttention client = Runs.Client();
        IAttentionSequence sequence = await client.FillAsync("s", problem);

        // The unnormalised output of row 81, the first to see two such values, is beyond float32.
        NumericOverflowException overflow = await Assert.ThrowsAsync<NumericOverflowException>(() => sequence.AttendAsync(problem.QRows(0, 82), problem.Options()));
        Assert.Equal(81, overflow.Row);
        await sequence.AttendAsync(problem.QRows(0, 81), problem.Options());
    }

    [Theory]
    [InlineData(KvDataType.Float16, 65520f)]
    [InlineData(KvDataType.BFloat16, 3.4e38f)]
    [InlineData(KvDataType.Float32, float.NaN)]
    [InlineData(KvDataType.Int8, float.PositiveInfinity)]
    [InlineData(KvDataType.Float32, float.NegativeInfinity)]
    public async Task AValueThatCannotBeStoredIsRefusedByName(KvDataType type, float value)
    {
        AttentionProblem problem = new() { Seed = 52, KvType = type, Length = 9000, NumHeadsKv = 3, HeadDim = 4, HeadDimV = 2 };
        await using EmbeddedAttention client = Runs.Client();
        IAttentionSequence sequence = await client.FillAsync("s", problem with { Length = 10 });
        foreach (int token in new[] { 0, 200, 8999 })
        {
            // Few rows are checked where they are, many on the pool in slices.
            int rows = token == 200 ? 201 : 9000;
            float[] k = problem.KRows(0, rows).ToArray();
            k[(((token * 3) + 2) * 4) + 1] = value;
            InvalidTensorException error = await Assert.ThrowsAsync<InvalidTensorException>(() => sequence.AppendAsync(k, problem.VRows(0, rows)));
            Assert.Equal(("k", token, 2), (error.Tensor, error.Token, error.Head));

            float[] v = problem.VRows(0, rows).ToArray();
            v[((token * 3) + 1) * 2] = value;
            error = await Assert.ThrowsAsync<InvalidTensorException>(() => sequence.AppendAsync(problem.KRows(0, rows), v));
            Assert.Equal(("v", token, 1), (error.Tensor, error.Token, error.Head));
        }

        Assert.Equal(10, (await sequence.GetInfoAsync()).Length);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public async Task AQueryThatIsNotFiniteIsRefusedByNameAndAppendsNothing(float value)
    {
        AttentionProblem problem = new() { Seed = 53, Length = 20, Rows = 6000, GroupSize = 2, HeadDim = 4 };
        await using EmbeddedAttention client = Runs.Client();
        IAttentionSequence sequence = await client.FillAsync("s", problem);
        foreach (int row in new[] { 0, 5999 })
        {
            float[] q = (float[])problem.Q.Clone();
            q[(((row * 2) + 1) * 4) + 3] = value;
            InvalidTensorException error = await Assert.ThrowsAsync<InvalidTensorException>(() => sequence.AttendAsync(q));
            Assert.Equal(("q", row, 1), (error.Tensor, error.Token, error.Head));
            await Assert.ThrowsAsync<InvalidTensorException>(() => sequence.AttentionMassAsync(q, new() { TopK = 1 }));
            await Assert.ThrowsAsync<InvalidTensorException>(() => sequence.AppendAndAttendAsync(problem.KRows(0, 1), problem.VRows(0, 1), q));
        }

        Assert.Equal(20, (await sequence.GetInfoAsync()).Length);
    }

    [Fact]
    public async Task NoNegativeZeroLeaves()
    {
        AttentionProblem problem = new() { Seed = 54, Length = 700, Rows = 20, SmScale = 1 };
        problem.V.AsSpan().Fill(-0f);
        problem.K.AsSpan().Fill(-0f);
        await using EmbeddedAttention client = Runs.Client();
        IAttentionSequence sequence = await client.FillAsync("s", problem);
        foreach (int length in new[] { 1, 700 })
        {
            AttentionResult result = await sequence.AttendAsync(problem.Q, new() { Length = length });
            Assert.All(result.Output.ToArray(), static o => Assert.Equal(0, BitConverter.SingleToInt32Bits(o)));
            Assert.All(result.Lse.ToArray(), static l => Assert.False(float.IsNegative(l)));
        }
    }

    [Theory]
    [InlineData(KvDataType.Float32)]
    [InlineData(KvDataType.BFloat16)]
    public async Task KeysOfWeightZeroChangeNothing(KvDataType type)
    {
        // 700 keys, then 2,000 whose scores lie 2,000 below.
        AttentionProblem problem = new() { Seed = 55, KvType = type, Length = 2700, Rows = 40, HeadDimV = 5, SmScale = 1 };
        for (int row = 0; row < 40; row++)
        {
            problem.Q[row * 16] = 1;
        }

        for (int position = 0; position < 2700; position++)
        {
            problem.K[position * 16] = position < 700 ? 0 : -2048;
        }

        await using EmbeddedAttention client = Runs.Client();
        IAttentionSequence sequence = await client.FillAsync("s", problem);
        AttentionResult all = await sequence.AttendAsync(problem.Q, problem.Options());
        AttentionResult few = await sequence.AttendAsync(problem.Q, problem.Options() with { Length = 700 });
        Assert.Equal(few.Digest(), all.Digest());
    }
}
