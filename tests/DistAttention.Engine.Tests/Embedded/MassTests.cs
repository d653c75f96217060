namespace DistAttention.Engine.Tests.Embedded;

public sealed class MassTests
{
    private static readonly AttentionProblem _full = new() { Seed = 61, Length = 2300, Rows = 40, GroupSize = 2, HeadDimV = 3, QFactor = 2 };
    private static readonly AttentionProblem _causal = new() { Seed = 62, Length = 2300, Rows = 40, NumHeadsKv = 2, Mask = AttentionMask.Causal, FirstQueryPosition = 1010 };

    [Theory]
    [InlineData(KvDataType.Float32)]
    [InlineData(KvDataType.Int8)]
    public async Task MassMatchesTheReferenceAndSumsToOne(KvDataType type)
    {
        foreach (AttentionProblem shape in new[] { _full, _causal })
        {
            AttentionProblem problem = shape with { KvType = type };
            await using EmbeddedAttention client = Runs.Client();
            IAttentionSequence sequence = await client.FillAsync("s", problem);
            AttentionMass mass = await sequence.AttentionMassAsync(problem.Q, problem.MassOptions(20, 37));
            Assert.Equal((40, 2, 20, 37), (mass.Rows, mass.NumHeadsQ, mass.TopK, mass.Bins));
            using PackedSequence packed = problem.Pack();
            ReferenceAttention reference = problem.Reference(packed);
            for (int slot = 0; slot < 80; slot++)
            {
                double[] weights = reference.Weights(slot / 2, slot % 2, out _);
                ReadOnlySpan<float> bins = mass.BinMass.Span.Slice(slot * 37, 37);
                for (int bin = 0; bin < 37; bin++)
                {
                    PositionRange range = mass.BinRange(bin);
                    Assert.Equal(weights[(int)range.Start..(int)range.End].Sum(), bins[bin], 5e-6);
                }

                Assert.Equal(1, Sum(bins), 1e-5);
                ReadOnlySpan<long> positions = mass.TopPositions.Span.Slice(slot * 20, 20);
                ReadOnlySpan<float> tops = mass.TopWeights.Span.Slice(slot * 20, 20);
                double[] heaviest = [.. weights.OrderDescending()];
                for (int i = 0; i < 20; i++)
                {
                    Assert.Equal(heaviest[i], tops[i], 5e-6);
                    Assert.Equal(weights[positions[i]], tops[i], 5e-6);
                    Assert.True(i == 0 || tops[i - 1] > tops[i] || (tops[i - 1] == tops[i] && positions[i - 1] < positions[i]));
                }

                Assert.Equal(20, positions.ToArray().Distinct().Count());
            }
        }
    }

    [Fact]
    public void BinsShareThePositionsOnceAndEvenly()
    {
        foreach (long length in new[] { 0L, 1, 7, 100, 1023, 1L << 50 })
        {
            foreach (int bins in new[] { 1, 3, 100, 65_536 })
            {
                long at = 0;
                for (int bin = 0; bin < bins; bin++)
                {
                    PositionRange range = AttentionMass.BinRange(bin, bins, length);
                    Assert.Equal(at, range.Start);
                    Assert.InRange(range.Length, length / bins, (length / bins) + 1);
                    at = range.End;
                }

                Assert.Equal(length, at);
            }
        }
    }

    [Fact]
    public async Task OfEqualWeightsTheLowerPositionComesFirst()
    {
        AttentionProblem problem = new() { Length = 1500, Rows = 3, Mask = AttentionMask.Causal, FirstQueryPosition = 2 };
        problem.K.AsSpan().Clear();
        await using EmbeddedAttention client = Runs.Client();
        IAttentionSequence sequence = await client.FillAsync("s", problem);
        AttentionMass mass = await sequence.AttentionMassAsync(problem.Q, problem.MassOptions(topK: 5));
        Assert.Equal([0, 1, 2, -1, -1, 0, 1, 2, 3, -1, 0, 1, 2, 3, 4], mass.TopPositions.ToArray());
        Assert.Equal([1 / 3f, 1 / 3f, 1 / 3f, 0, 0], mass.TopWeights.ToArray()[..5]);

        // Behind every shard boundary too.
        AttentionMass late = await sequence.AttentionMassAsync(problem.QRows(0, 1), new() { TopK = 1024 });
        Assert.Equal(Enumerable.Range(0, 1024).Select(static i => (long)i), late.TopPositions.ToArray());
    }

    [Fact]
    public async Task RowsThatSeeNothingHaveNoMass()
    {
        AttentionProblem problem = _causal with { FirstQueryPosition = -10 };
        await using EmbeddedAttention client = Runs.Client();
        IAttentionSequence sequence = await client.FillAsync("s", problem);
        AttentionMass mass = await sequence.AttentionMassAsync(problem.Q, problem.MassOptions(4, 8));
        Assert.All(mass.BinMass.ToArray()[..(10 * 2 * 8)], static m => Assert.Equal(0, BitConverter.SingleToInt32Bits(m)));
        Assert.All(mass.TopPositions.ToArray()[..(10 * 2 * 4)], static p => Assert.Equal(-1, p));
        Assert.All(mass.TopWeights.ToArray()[..(10 * 2 * 4)], static w => Assert.Equal(0, BitConverter.SingleToInt32Bits(w)));
        Assert.Equal([0, -1, -1, -1], mass.TopPositions.ToArray()[(10 * 2 * 4)..((10 * 2 * 4) + 4)]);

        IAttentionSequence empty = await client.CreateSequenceAsync("empty", problem.Spec());
        AttentionMass none = await empty.AttentionMassAsync(problem.Q, problem.MassOptions(4, 8));
        Assert.All(none.BinMass.ToArray(), static m => Assert.Equal(0f, m));
    }

    [Theory]
    [InlineData(1024, 1, 1)]
    [InlineData(2048, 3, 4)]
    [InlineData(16384, 2, 2)]
    public async Task TheSameBitsForAnyShardLengthThreadsAndBatching(int shardLength, int threads, int tilesInFlight)
    {
        foreach (AttentionProblem problem in new[] { _full, _causal })
        {
            string expected;
            await using (EmbeddedAttention other = Runs.Client())
            {
                IAttentionSequence plain = await other.FillAsync("s", problem, 4096);
                expected = (await plain.AttentionMassAsync(problem.Q, problem.MassOptions(9, 11))).Digest();
            }

            await using EmbeddedAttention client = Runs.Client(threads, o => o.TilesInFlight = tilesInFlight);
            IAttentionSequence sequence = await client.FillAsync("s", problem, shardLength, 500);
            AttentionMass whole = await sequence.AttentionMassAsync(problem.Q, problem.MassOptions(9, 11));
            Assert.Equal(expected, whole.Digest());
            List<float> bins = [];
            List<long> positions = [];
            for (int row = 0; row < 40; row += 7)
            {
                AttentionMass part = await sequence.AttentionMassAsync(
                    problem.QRows(row, Math.Min(7, 40 - row)),
                    problem.MassOptions(9, 11) with { FirstQueryPosition = problem.EffectiveFirstQueryPosition + row });
                bins.AddRange(part.BinMass.Span);
                positions.AddRange(part.TopPositions.Span);
            }

            Assert.Equal(whole.BinMass.ToArray(), bins);
            Assert.Equal(whole.TopPositions.ToArray(), positions);
        }
    }

    [Fact]
    public async Task MuchMassPerRowIsCollectedFewRowsAtATime()
    {
        // 512 KiB of bins per row: more rows than one tile may collect, and the same bits as row by row.
        AttentionProblem problem = _full with { Rows = 50, GroupSize = 1 };
        await using EmbeddedAttention client = Runs.Client();
        IAttentionSequence sequence = await client.FillAsync("s", problem);
        int tiles = 0;
        AttentionMass mass = await sequence.AttentionMassAsync(
            problem.Q,
            new() { Bins = 65_536, Progress = new Counted(() => tiles++) });
        Assert.InRange(tiles, 4, 50);
        AttentionMass last = await sequence.AttentionMassAsync(problem.QRows(49, 1), new() { Bins = 65_536 });
        Assert.Equal(last.BinMass.ToArray(), mass.BinMass[^65_536..].ToArray());
        for (int row = 0; row < 50; row++)
        {
            Assert.Equal(1, Sum(mass.BinMass.Span.Slice(row * 65_536, 65_536)), 1e-5);
        }
    }

    private static double Sum(ReadOnlySpan<float> values)
    {
        double sum = 0;
        foreach (float value in values)
        {
            sum += value;
        }

        return sum;
    }

    private sealed class Counted(Action count) : IProgress<AttentionProgress>
    {
        public void Report(AttentionProgress value) => count();
    }
}
