using System.Numerics.Tensors;

namespace DistAttention.Engine.Tests.Embedded;

public sealed class ReferenceTests
{
    /// <summary>Around the ends of blocks (256), runs and shards (1,024).</summary>
    private static readonly int[] _lengths = [1, 2, 255, 256, 257, 511, 1023, 1024, 1025, 1300, 2047, 2048, 2049, 3100];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task AnswersAreAsGoodAsAPlainFloat32Program(int seed)
    {
        SeededData data = new((ulong)seed);
        await using EmbeddedAttention client = Runs.Client();
        foreach (int length in _lengths)
        {
            AttentionProblem problem = new()
            {
                Seed = data.NextBits(),
                NumHeadsKv = data.Pick(1, 2, 3),
                GroupSize = data.Pick(1, 2, 4),
                HeadDim = data.Pick(1, 5, 16, 24),
                HeadDimV = data.Pick(1, 7, 16, 40),
                Length = length,
                Rows = data.Pick(1, 2, 9, 40),
                KvType = (KvDataType)data.NextInt(4),
                Mask = data.Pick(AttentionMask.Full, AttentionMask.Causal),
                FirstQueryPosition = data.NextInt(3) == 0 ? data.NextInt(length + 40) - 20 : null,
            };
            IAttentionSequence sequence = await client.FillAsync($"s{length}", problem);
            AttentionResult result = await sequence.AttendAsync(problem.Q, problem.Options());
            problem.AssertAsGoodAsFloat32(result.Output, result.Lse);
            Assert.Equal(problem.KernelDigest(), result.Digest());
            Assert.Equal(new SequenceSnapshot(0, length), result.Summary.Snapshot);
            Assert.Equal((problem.EffectiveFirstQueryPosition, problem.Rows), (result.Summary.FirstQueryPosition, result.Summary.Rows));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1000)]
    public async Task RowsBeforeTheFirstPositionSeeNothingUnderACausalMask(int length)
    {
        AttentionProblem problem = new() { Seed = 5, Length = length, Rows = 8, GroupSize = 2, Mask = AttentionMask.Causal, FirstQueryPosition = -5 };
        await using EmbeddedAttention client = Runs.Client();
        IAttentionSequence sequence = await client.FillAsync("s", problem);
        AttentionResult result = await sequence.AttendAsync(problem.Q, problem.Options());
        int blind = length == 0 ? 8 : 5;
        Assert.All(result.Lse.ToArray()[..(blind * 2)], static l => Assert.Equal(float.NegativeInfinity, l));
        Assert.All(result.Output.ToArray()[..(blind * 2 * 16)], static o => Assert.Equal(0, BitConverter.SingleToInt32Bits(o)));
        Assert.All(result.Lse.ToArray()[(blind * 2)..], static l => Assert.True(float.IsFinite(l)));
        problem.AssertAsGoodAsFloat32(result.Output, result.Lse);
    }

    [Fact]
    public async Task AnEmptySequenceAnswersZeroAndMinusInfinityUnderEveryMask()
    {
        await using EmbeddedAttention client = Runs.Client();
        IAttentionSequence sequence = await client.CreateSequenceAsync("s", new() { HeadDim = 4, NumHeadsQ = 2 });
        foreach (AttentionMask mask in new[] { AttentionMask.Full, AttentionMask.Causal })
        {
            AttentionResult result = await sequence.AttendAsync(new float[300 * 2 * 4], new() { Mask = mask });
            Assert.All(result.Output.ToArray(), static o => Assert.Equal(0f, o));
            Assert.All(result.Lse.ToArray(), static l => Assert.Equal(float.NegativeInfinity, l));
            Assert.Equal((0, 0), (result.Summary.BlocksComputed, result.Summary.Partials));
        }
    }

    [Fact]
    public async Task NoRowsAreAnsweredWithNothing()
    {
        AttentionProblem problem = new() { Length = 10 };
        await using EmbeddedAttention client = Runs.Client();
        IAttentionSequence sequence = await client.FillAsync("s", problem);
        AttentionResult result = await sequence.AttendAsync(ReadOnlyMemory<float>.Empty);
        Assert.Equal((0, 0, 0), (result.Output.Length, result.Lse.Length, result.Summary.Rows));
        AttentionMass mass = await sequence.AttentionMassAsync(ReadOnlyMemory<float>.Empty, new() { Bins = 3 });
        Assert.Equal((0, 0), (mass.Rows, mass.BinMass.Length));
        AppendResult appended = await sequence.AppendAsync(ReadOnlyMemory<float>.Empty, ReadOnlyMemory<float>.Empty);
        Assert.Equal(new AppendResult(10, 0, new SequenceSnapshot(0, 10)), appended);
    }

    [Fact]
    public async Task AnEarlierLengthAnswersAsIfNothingHadBeenAppendedSince()
    {
        AttentionProblem whole = new() { Seed = 6, Length = 2500, Rows = 20, Mask = AttentionMask.Causal, FirstQueryPosition = 1000 };
        await using EmbeddedAttention client = Runs.Client();
        IAttentionSequence sequence = await client.FillAsync("s", whole);
        foreach (int length in new[] { 0, 1, 255, 1005, 1024, 2049, 2500 })
        {
            IAttentionSequence shorter = await client.CreateSequenceAsync($"s{length}", whole.Spec());
            await shorter.AppendRowsAsync(whole, 0, length);
            AttentionResult expected = await shorter.AttendAsync(whole.Q, whole.Options());
            AttentionResult actual = await sequence.AttendAsync(whole.Q, whole.Options() with { Length = length });
            Assert.Equal(expected.Digest(), actual.Digest());
            Assert.Equal(length, actual.Summary.Snapshot.Length);
        }

        InvalidSpecException error = await Assert.ThrowsAsync<InvalidSpecException>(() => sequence.AttendAsync(whole.Q, new() { Length = 2501 }));
        Assert.Equal(nameof(AttendOptions.Length), error.Property);
    }

    [Fact]
    public async Task QueriesOfAnotherStreamStandWhereTheyAreTold()
    {
        AttentionProblem problem = new() { Seed = 7, Length = 700, Rows = 30, Mask = AttentionMask.Causal, FirstQueryPosition = 100 };
        await using EmbeddedAttention client = Runs.Client();
        IAttentionSequence sequence = await client.FillAsync("s", problem);
        AttentionResult result = await sequence.AttendAsync(problem.Q, problem.Options());
        problem.AssertAsGoodAsFloat32(result.Output, result.Lse);

        // Far behind the end, a causal row sees everything.
        AttentionResult far = await sequence.AttendAsync(problem.Q, new() { Mask = AttentionMask.Causal, FirstQueryPosition = 1L << 40 });
        AttentionResult full = await sequence.AttendAsync(problem.Q);
        Assert.Equal(full.Digest(), far.Digest());
    }

    [Fact]
    public async Task TheCallersMemoryReceivesTheSameBitsAndNothingAround()
    {
        AttentionProblem problem = new() { Seed = 8, Length = 600, Rows = 33, NumHeadsKv = 2, HeadDimV = 7 };
        await using EmbeddedAttention client = Runs.Client();
        IAttentionSequence sequence = await client.FillAsync("s", problem);
        AttentionResult expected = await sequence.AttendAsync(problem.Q);
        float[] output = new float[(33 * 2 * 7) + 2];
        float[] lse = new float[(33 * 2) + 2];
        Array.Fill(output, 77f);
        Array.Fill(lse, 78f);
        await sequence.AttendAsync(problem.Q, output.AsMemory(1..^1), lse.AsMemory(1..^1));
        Assert.Equal(expected.Digest(), BitDigest.Of(output[1..^1], lse[1..^1]));
        Assert.Equal((77f, 77f, 78f, 78f), (output[0], output[^1], lse[0], lse[^1]));

        Array.Clear(output);
        await sequence.AttendAsync(problem.Q, output.AsMemory(1..^1), Memory<float>.Empty);
        Assert.Equal(BitDigest.Of(expected.Output.ToArray()), BitDigest.Of(output[1..^1]));
    }

    [Fact]
    public async Task TensorsGiveTheSameBits()
    {
        AttentionProblem problem = new() { Seed = 9, Length = 300, Rows = 5, NumHeadsKv = 2, GroupSize = 2, HeadDimV = 8 };
        await using EmbeddedAttention client = Runs.Client();
        IAttentionSequence flat = await client.FillAsync("flat", problem);
        IAttentionSequence sequence = await client.CreateSequenceAsync("tensors", problem.Spec());
        await sequence.AppendAsync(Tensor.Create(problem.K, [300, 2, 16]), Tensor.Create(problem.V, [300, 2, 8]));
        Tensor<float> q = Tensor.Create(problem.Q, [5, 4, 16]);
        AttentionResult expected = await flat.AttendAsync(problem.Q);
        AttentionResult actual = await sequence.AttendAsync(q);
        Assert.Equal(expected.Digest(), actual.Digest());
        Assert.Equal([5, 4, 8], actual.OutputTensor(sequence).Lengths.ToArray());
        Assert.Equal(actual.Output.Span[^1], actual.OutputTensor(sequence)[4, 3, 7]);

        AttentionMass mass = await sequence.AttentionMassAsync(q, new() { Bins = 4 });
        Assert.Equal((await flat.AttentionMassAsync(problem.Q, new() { Bins = 4 })).Digest(), mass.Digest());

        // A transposed view is read in its own order.
        Tensor<float> transposed = Tensor.Transpose(Tensor.Create(problem.Q, [5, 16, 4]));
        float[] dense = new float[transposed.FlattenedLength];
        transposed.FlattenTo(dense);
        Assert.Equal((await flat.AttendAsync(dense)).Digest(), (await sequence.AttendAsync(transposed)).Digest());

        ShapeMismatchException error = await Assert.ThrowsAsync<ShapeMismatchException>(() => sequence.AttendAsync(Tensor.Create(problem.Q, [5, 16, 4])));
        Assert.Equal(("q", "[tokens, 4, 16]", "[5, 16, 4]"), (error.Tensor, error.Expected, error.Actual));
    }

    [Fact]
    public async Task ShapesThatDoNotFitAreRefusedByName()
    {
        await using EmbeddedAttention client = Runs.Client();
        IAttentionSequence sequence = await client.CreateSequenceAsync("s", new() { HeadDim = 4, HeadDimV = 3, NumHeadsQ = 2 });
        float[] q = new float[8];
        Assert.Equal("q", (await Assert.ThrowsAsync<ShapeMismatchException>(() => sequence.AttendAsync(new float[9]))).Tensor);
        Assert.Equal("k", (await Assert.ThrowsAsync<ShapeMismatchException>(() => sequence.AppendAsync(new float[5], new float[3]))).Tensor);
        Assert.Equal("v", (await Assert.ThrowsAsync<ShapeMismatchException>(() => sequence.AppendAsync(new float[8], new float[3]))).Tensor);
        Assert.Equal("destination", (await Assert.ThrowsAsync<ShapeMismatchException>(() => sequence.AttendAsync(q, new float[5], new float[2]))).Tensor);
        Assert.Equal("lse", (await Assert.ThrowsAsync<ShapeMismatchException>(() => sequence.AttendAsync(q, new float[6], new float[1]))).Tensor);
    }

    [Fact]
    public async Task ProgressReachesTheTotalAndNeverGoesBack()
    {
        // 4,096 floats per row: 64 rows per tile.
        AttentionProblem problem = new() { Seed = 10, Length = 300, Rows = 300, GroupSize = 256 };
        await using EmbeddedAttention client = Runs.Client();
        IAttentionSequence sequence = await client.FillAsync("s", problem);
        Seen seen = new();
        await sequence.AttendAsync(problem.Q, new() { Progress = seen });
        Assert.Equal(5, seen.Reports.Count);
        Assert.Equal(seen.Reports.Order(), seen.Reports);
        Assert.Equal(300, seen.Reports[^1]);
    }

    private sealed class Seen : IProgress<AttentionProgress>
    {
        public List<long> Reports { get; } = [];

        public void Report(AttentionProgress value)
        {
            Assert.Equal(300, value.Total);
            Reports.Add(value.Done);
        }
    }
}
