namespace DistAttention.ClientSuite;

/// <summary>Every way through a client gives the bits of the kernels over one piece of memory.</summary>
public abstract class SameBitsSuite
{
    /// <summary>The client; the same for all tests of a class.</summary>
    protected abstract IAttentionClient Client { get; }

    public static TheoryData<KvDataType, string, int> TypesMasksAndShardLengths()
    {
        TheoryData<KvDataType, string, int> data = [];
        foreach (KvDataType type in Enum.GetValues<KvDataType>())
        {
            data.Add(type, "full", 1024);
            data.Add(type, "causal", 2048);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(TypesMasksAndShardLengths))]
    public async Task TypesMasksAndShards(KvDataType type, string mask, int shardLength)
    {
        AttentionProblem problem = new() { Seed = 201, KvType = type, Mask = AttentionMask.Parse(mask), Length = 7000, Rows = 40, NumHeadsKv = 2, GroupSize = 2 };
        await AssertSameAsync(problem, shardLength, 3000, 1, 700);
    }

    [Theory]
    [InlineData(1, 1, 16, 16)]
    [InlineData(1, 8, 64, 64)]
    [InlineData(3, 1, 5, 7)]
    [InlineData(2, 3, 80, 96)]
    public async Task HeadsAndSizes(int headsKv, int group, int headDim, int headDimV)
    {
        AttentionProblem problem = new() { Seed = 202, NumHeadsKv = headsKv, GroupSize = group, HeadDim = headDim, HeadDimV = headDimV, Length = 5500, Rows = 33, Mask = AttentionMask.Causal };
        await AssertSameAsync(problem, 1024);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(255)]
    [InlineData(1024)]
    [InlineData(1025)]
    [InlineData(4096)]
    public async Task Lengths(int length)
    {
        AttentionProblem problem = new() { Seed = 203, Length = length, Rows = 5, Mask = AttentionMask.Causal };
        await AssertSameAsync(problem, 1024);
    }

    [Theory]
    [InlineData("full")]
    [InlineData("causal")]
    public async Task ManyTiles(string mask)
    {
        // 2,048 floats per row: 128 rows per tile.
        AttentionProblem problem = new() { Seed = 204, Length = 3500, Rows = 700, GroupSize = 32, HeadDim = 64, HeadDimV = 8, Mask = AttentionMask.Parse(mask), FirstQueryPosition = 2700 };
        await AssertSameAsync(problem, 1024);
    }

    [Fact]
    public async Task AnswersLargerThanAMessage()
    {
        // One row of o takes 64 KiB: the partials of a tile have to be cut.
        AttentionProblem problem = new() { Seed = 205, Length = 9000, Rows = 300, GroupSize = 32, HeadDim = 8, HeadDimV = 512 };
        await AssertSameAsync(problem, 1024);
    }

    [Fact]
    public async Task RowsAppendedOneByOne()
    {
        AttentionProblem problem = new() { Seed = 206, Length = 1100, Rows = 3 };
        IAttentionSequence sequence = await Client.CreateSequenceAsync(ClientRuns.NewName(), problem.Spec());
        await sequence.AppendRowsAsync(problem, 0, 1000);
        await sequence.AppendRowsAsync(problem, 1000, 100, 1);
        Assert.Equal(problem.KernelDigest(), (await sequence.AttendAsync(problem.Q)).Digest());
    }

    [Fact]
    public async Task DecodeSteps()
    {
        AttentionProblem whole = new() { Seed = 207, Length = 2060, Rows = 60, NumHeadsKv = 2, GroupSize = 4, Mask = AttentionMask.Causal };
        IAttentionSequence sequence = await Client.CreateSequenceAsync(ClientRuns.NewName(), whole.Spec());
        await sequence.AppendRowsAsync(whole, 0, 2000);
        List<float> output = [];
        List<float> lse = [];
        for (int step = 0; step < 60; step++)
        {
            AttentionResult result = await sequence.AppendAndAttendAsync(
                whole.KRows(2000 + step, 1), whole.VRows(2000 + step, 1), whole.QRows(step, 1), new() { Mask = AttentionMask.Causal });
            Assert.Equal(2001 + step, result.Summary.Snapshot.Length);
            output.AddRange(result.Output.Span);
            lse.AddRange(result.Lse.Span);
        }

        Assert.Equal(whole.KernelDigest(), BitDigest.Of([.. output], [.. lse]));
    }

    [Fact]
    public async Task ABulkAppendOfManyMessages()
    {
        // 4 KiB per position of K and V: 24 MiB in all.
        AttentionProblem problem = new() { Seed = 208, Length = 6000, Rows = 4, NumHeadsKv = 4, HeadDim = 128, HeadDimV = 128, KvType = KvDataType.BFloat16 };
        await AssertSameAsync(problem, 2048);
    }

    [Fact]
    public async Task AttentionMass()
    {
        AttentionProblem problem = new() { Seed = 209, Length = 5000, Rows = 50, NumHeadsKv = 2, GroupSize = 2, QFactor = 2, Mask = AttentionMask.Causal };
        IAttentionSequence one = await Client.FillAsync(problem, 8192);
        IAttentionSequence many = await Client.FillAsync(problem, 1024);
        AttentionMassOptions options = new() { Mask = problem.Mask, TopK = 17, Bins = 31 };
        AttentionMass expected = await one.AttentionMassAsync(problem.Q, options);
        AttentionMass actual = await many.AttentionMassAsync(problem.Q, options);
        Assert.Equal(expected.Digest(), actual.Digest());
        for (int slot = 0; slot < 200; slot++)
        {
            float sum = 0;
            foreach (float bin in actual.BinMass.Span.Slice(slot * 31, 31))
            {
                sum += bin;
            }

            Assert.Equal(1, sum, 1e-4);
        }
    }

    private async Task AssertSameAsync(AttentionProblem problem, int shardLength, params int[] chunks)
    {
        IAttentionSequence sequence = await Client.FillAsync(problem, shardLength, chunks);
        AttentionResult result = await sequence.AttendAsync(problem.Q, problem.Options());
        Assert.True(problem.KernelDigest() == result.Digest(), $"Other bits; {problem}");
        Assert.Equal(problem.Length, result.Summary.Snapshot.Length);
        Assert.Equal(problem.Rows, result.Summary.Rows);
    }
}
