using DistAttention.Engine.Tests.Embedded;

namespace DistAttention.Engine.Tests.Laws;

/// <summary>The bits of a row are a function of the row, the rows it sees and the mask: of nothing else.</summary>
public sealed class SameBitsTests
{
    private static readonly AttentionProblem _decode = new() { Seed = 21, Length = 5300, Rows = 2, GroupSize = 2, HeadDimV = 24 };
    private static readonly AttentionProblem _prefill = new() { Seed = 22, Length = 5300, Rows = 230, NumHeadsKv = 2, HeadDim = 20, Mask = AttentionMask.Causal };

    [Theory]
    [InlineData(1024)]
    [InlineData(2048)]
    [InlineData(16384)]
    public async Task ForAnyShardLengthAndAnyNumberOfThreads(int shardLength)
    {
        foreach (AttentionProblem problem in new[] { _decode, _prefill })
        {
            string expected = problem.KernelDigest();
            foreach (int threads in new[] { 1, 2, 3, 7 })
            {
                await using EmbeddedAttention client = Runs.Client(threads);
                IAttentionSequence sequence = await client.FillAsync("s", problem, shardLength);
                Assert.Equal(expected, (await sequence.AttendAsync(problem.Q, problem.Options())).Digest());
            }
        }
    }

    [Theory]
    [InlineData(KvDataType.Float32, 1)]
    [InlineData(KvDataType.Float32, 255)]
    [InlineData(KvDataType.Int8, 256)]
    [InlineData(KvDataType.Float16, 257)]
    [InlineData(KvDataType.BFloat16, 1000)]
    [InlineData(KvDataType.Int8, 0)]
    public async Task ForAnyWayOfAppending(KvDataType type, int chunk)
    {
        AttentionProblem problem = new() { Seed = 23, KvType = type, Length = 1700, Rows = 30, NumHeadsKv = 2, HeadDim = 12, HeadDimV = 9, Mask = AttentionMask.Causal };
        SeededData data = new(24);
        int[] chunks = chunk > 0 ? [chunk] : [.. Enumerable.Range(0, 100).Select(_ => data.NextInt(400) + 1)];
        await using EmbeddedAttention client = Runs.Client();
        IAttentionSequence sequence = await client.FillAsync("s", problem, 1024, chunks);
        Assert.Equal(problem.KernelDigest(), (await sequence.AttendAsync(problem.Q, problem.Options())).Digest());
    }

    [Fact]
    public async Task DecodingTokenByTokenEqualsPrefillRowByRow()
    {
        AttentionProblem problem = new() { Seed = 25, Length = 1100, Rows = 1100, GroupSize = 2, Mask = AttentionMask.Causal };
        await using EmbeddedAttention client = Runs.Client();
        IAttentionSequence filled = await client.FillAsync("filled", problem);
        AttentionResult prefill = await filled.AttendAsync(problem.Q, problem.Options());
        IAttentionSequence sequence = await client.CreateSequenceAsync("decoded", problem.Spec());
        float[] output = new float[prefill.Output.Length];
        float[] lse = new float[prefill.Lse.Length];
        for (int i = 0; i < problem.Length; i++)
        {
            AttentionResult step = await sequence.AppendAndAttendAsync(problem.KRows(i, 1), problem.VRows(i, 1), problem.QRows(i, 1));
            step.Output.CopyTo(output.AsMemory(i * step.Output.Length));
            step.Lse.CopyTo(lse.AsMemory(i * step.Lse.Length));
        }

        Assert.Equal(prefill.Digest(), BitDigest.Of(output, lse));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(7, 1)]
    [InlineData(100, 2)]
    [InlineData(230, 4)]
    public async Task ForAnyWayOfBatchingQueries(int rowsPerCall, int tilesInFlight)
    {
        await using EmbeddedAttention client = Runs.Client(2, o => o.TilesInFlight = tilesInFlight);
        IAttentionSequence sequence = await client.FillAsync("s", _prefill);
        List<float> output = [];
        List<float> lse = [];
        for (int row = 0; row < _prefill.Rows; row += rowsPerCall)
        {
            int count = Math.Min(rowsPerCall, _prefill.Rows - row);
            AttentionResult result = await sequence.AttendAsync(
                _prefill.QRows(row, count),
                _prefill.Options() with { FirstQueryPosition = _prefill.EffectiveFirstQueryPosition + row });
            output.AddRange(result.Output.Span);
            lse.AddRange(result.Lse.Span);
        }

        Assert.Equal(_prefill.KernelDigest(), BitDigest.Of([.. output], [.. lse]));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(9)]
    public async Task ForAnyNumberOfTilesInFlight(int tilesInFlight)
    {
        // 32 KiB per row: 32 rows per tile, 7 tiles.
        AttentionProblem problem = new() { Seed = 26, Length = 1500, Rows = 200, GroupSize = 512, HeadDimV = 2, Mask = AttentionMask.Causal };
        await using EmbeddedAttention client = Runs.Client(2, o => o.TilesInFlight = tilesInFlight);
        IAttentionSequence sequence = await client.FillAsync("s", problem);
        Assert.Equal(problem.KernelDigest(), (await sequence.AttendAsync(problem.Q, problem.Options())).Digest());
    }

    [Fact]
    public async Task AForkEqualsASequenceMadeAfresh()
    {
        AttentionProblem parent = new() { Seed = 27, Length = 2600, Rows = 20 };
        AttentionProblem other = new() { Seed = 28, Length = 1500 };
        await using EmbeddedAttention client = Runs.Client();
        IAttentionSequence sequence = await client.FillAsync("parent", parent, 1024, 700);
        string before = (await sequence.AttendAsync(parent.Q)).Digest();
        foreach (int length in new[] { 0, 1, 255, 1024, 1500, 2048, 2600 })
        {
            IAttentionSequence fork = await sequence.ForkAsync($"fork{length}", length);
            IAttentionSequence fresh = await client.CreateSequenceAsync($"fresh{length}", parent.Spec());
            await fresh.AppendRowsAsync(parent, 0, length);
            Assert.Equal((await fresh.AttendAsync(parent.Q)).Digest(), (await fork.AttendAsync(parent.Q)).Digest());
            await fork.AppendRowsAsync(other, 0, 1500, 333);
            await fresh.AppendRowsAsync(other, 0, 1500);
            Assert.Equal((await fresh.AttendAsync(parent.Q)).Digest(), (await fork.AttendAsync(parent.Q)).Digest());
        }

        Assert.Equal(before, (await sequence.AttendAsync(parent.Q)).Digest());
        await client.DeleteSequenceAsync("parent");
        IAttentionSequence kept = await client.OpenSequenceAsync("fork2600");
        Assert.Equal(before, (await kept.AttendAsync(parent.Q, new() { Length = 2600 })).Digest());
    }

    [Fact]
    public async Task TruncatingAndAppendingAgainEqualsASequenceMadeAfresh()
    {
        AttentionProblem problem = new() { Seed = 29, Length = 2600, Rows = 20 };
        await using EmbeddedAttention client = Runs.Client();
        IAttentionSequence sequence = await client.FillAsync("s", problem);
        string whole = (await sequence.AttendAsync(problem.Q)).Digest();
        long epoch = 0;
        foreach (int length in new[] { 2600, 2599, 2048, 1500, 1024, 255, 1, 0 })
        {
            Assert.Equal(new SequenceSnapshot(++epoch, length), await sequence.TruncateAsync(length));
            IAttentionSequence fresh = await client.CreateSequenceAsync($"fresh{length}", problem.Spec());
            await fresh.AppendRowsAsync(problem, 0, length);
            Assert.Equal((await fresh.AttendAsync(problem.Q)).Digest(), (await sequence.AttendAsync(problem.Q)).Digest());
            await sequence.AppendRowsAsync(problem, length, 2600 - length, 600);
            Assert.Equal(whole, (await sequence.AttendAsync(problem.Q)).Digest());
        }
    }

    [Fact]
    public async Task ASequenceReadBackFromItsStoreIsTheSame()
    {
        AttentionProblem problem = new() { Seed = 30, KvType = KvDataType.Int8, Length = 2500, Rows = 20, NumHeadsKv = 2 };
        Ledger.InMemoryStores stores = new();
        string expected = problem.KernelDigest();
        await using (EmbeddedAttention first = stores.Client())
        {
            IAttentionSequence sequence = await first.FillAsync("s", problem with { Length = 2500 }, 1024, 300);
            Assert.Equal(expected, (await sequence.AttendAsync(problem.Q)).Digest());
        }

        await using EmbeddedAttention second = stores.Client();
        IAttentionSequence opened = await second.OpenSequenceAsync("s");
        Assert.Equal(0, second.ResidentBytes);
        Assert.Equal(expected, (await opened.AttendAsync(problem.Q)).Digest());
        Assert.Equal(new SequenceSnapshot(0, 2500), (await opened.GetInfoAsync()).Snapshot);
    }

    [Fact]
    public async Task GroupedHeadsEqualRepeatedKeysAndValues()
    {
        AttentionProblem grouped = new() { Seed = 31, Length = 1500, Rows = 12, NumHeadsKv = 2, GroupSize = 3, HeadDim = 10, HeadDimV = 6 };
        AttentionProblem repeated = grouped with { NumHeadsKv = 6, GroupSize = 1 };
        float[] k = Repeat(grouped.K, 10, 3);
        float[] v = Repeat(grouped.V, 6, 3);
        await using EmbeddedAttention client = Runs.Client();
        IAttentionSequence sequence = await client.CreateSequenceAsync("repeated", repeated.Spec());
        await sequence.AppendAsync(k, v);
        Assert.Equal(grouped.KernelDigest(), (await sequence.AttendAsync(grouped.Q)).Digest());
    }

    [Trait("Category", "Soak")]
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task ForRandomProblemsThroughRandomWays(int seed)
    {
        SeededData data = new((ulong)(1000 + seed));
        for (int round = 0; round < 40; round++)
        {
            AttentionProblem problem = new()
            {
                Seed = data.NextBits(),
                KvType = (KvDataType)data.NextInt(4),
                NumHeadsKv = data.Pick(1, 2, 4),
                GroupSize = data.Pick(1, 3, 8),
                HeadDim = data.Pick(1, 16, 33, 64, 128),
                HeadDimV = data.Pick(1, 16, 40, 64, 128),
                Length = data.NextInt(9000),
                Rows = data.NextInt(300) + 1,
                Mask = data.Pick(AttentionMask.Full, AttentionMask.Causal),
            };
            await using EmbeddedAttention client = Runs.Client(data.NextInt(5) + 1, o => o.TilesInFlight = data.NextInt(5) + 1);
            IAttentionSequence sequence = await client.FillAsync("s", problem, data.Pick(1024, 2048, 4096, 16384), data.NextInt(3000) + 1, data.NextInt(300) + 1);
            Assert.True(problem.KernelDigest() == (await sequence.AttendAsync(problem.Q, problem.Options())).Digest(), problem.ToString());
        }
    }

    /// <summary>[tokens, heads, headDim] with every head standing for several.</summary>
    private static float[] Repeat(float[] rows, int headDim, int times) =>
        [.. rows.Chunk(headDim).SelectMany(head => Enumerable.Repeat(head, times)).SelectMany(static head => head)];
}
