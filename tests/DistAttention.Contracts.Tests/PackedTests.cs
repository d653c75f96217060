using MessagePack;

namespace DistAttention.Contracts.Tests;

public sealed class PackedTests
{
    private static readonly SequenceSpec _spec = new()
    {
        NumHeadsQ = 32,
        NumHeadsKv = 8,
        HeadDim = 128,
        HeadDimV = 64,
        KvType = KvDataType.BFloat16,
        ShardLength = 4096,
        ExpectedMask = AttentionMask.Full,
        ExpectedLength = 1L << 40,
    };

    [Fact]
    public void MasksScoresAndSpecsComeBackEqual()
    {
        foreach (AttentionMask mask in MaskSamples.All(100).Values)
        {
            AttentionMask back = Packed.Of(mask).Value;
            Assert.Equal(mask, back);
            Assert.Equal(mask.ToString(), back.ToString());
        }

        foreach (ScoreFunction score in (ScoreFunction[])[ScoreFunction.ScaledDot, new ScaledDotScore { SmScale = 0.1f }, new ScaledDotScore { SmScale = -0f }])
        {
            Assert.Equal(score, Packed.Of(score).Value);
        }

        Assert.Equal(_spec, Packed.Of(_spec).Value);
        SequenceSpec mortal = _spec with { TimeToLive = TimeSpan.FromDays(7) };
        Assert.Equal(mortal, Packed.Of(mortal).Value);
        Assert.Equal(new SequenceSpec { HeadDim = 3 }, Packed.Of(new SequenceSpec { HeadDim = 3 }).Value);
    }

    [Fact]
    public void EveryScoreComesBackEqual()
    {
        AttentionProblem some = new() { Seed = 5, NumHeadsKv = 2, GroupSize = 2, HeadDim = 12, HeadDimV = 8 };
        foreach ((string name, AttentionProblem problem) in ScoreCases.All(some))
        {
            ScoreFunction score = problem.Score;
            ScoreFunction back = Packed.Of(score).Value;
            Assert.True(score == back, name);
            Assert.Equal(score.GetHashCode(), back.GetHashCode());
            Assert.Equal(problem.SequenceSpec, Packed.Of(problem.SequenceSpec).Value);
        }

        Assert.NotEqual<ScoreFunction>(new ScaledDotScore { SinkLogits = FloatTable.Of([1f]) }, Packed.Of<ScoreFunction>(new ScaledDotScore { SinkLogits = FloatTable.Of([2f]) }).Value);
    }

    [Fact]
    public void DamagedScoresAndSpecsAreRefusedOrRead()
    {
        AttentionProblem some = new() { Seed = 5, NumHeadsKv = 2, GroupSize = 2, HeadDim = 12, HeadDimV = 8 };
        SeededData random = new(4);
        foreach ((_, AttentionProblem problem) in ScoreCases.All(some))
        {
            byte[] score = Packed.Of(problem.Score).Bytes;
            byte[] spec = Packed.Of(problem.SequenceSpec).Bytes;
            for (int round = 0; round < 200; round++)
            {
                byte[] damaged = (byte[])score.Clone();
                damaged[random.NextInt(damaged.Length)] = (byte)random.NextInt(256);
                Record(() => new Packed<ScoreFunction>(damaged).Value);
                Record(() => new Packed<ScoreFunction>(score[..random.NextInt(score.Length)]).Value);
                damaged = (byte[])spec.Clone();
                damaged[random.NextInt(damaged.Length)] = (byte)random.NextInt(256);
                Record(() => new Packed<SequenceSpec>(damaged).Value);
            }
        }

        // A table that claims two billion numbers in a few bytes.
        byte[] claim = [0x98, 0, 0xc0, 0xc0, 0x93, 0xce, 0x7f, 0xff, 0xff, 0xff, 1, 0xc4, 4, 0, 0, 0, 0, 0xc0, 0xc0, 0xc0, 0xc0];
        Assert.Throws<CorruptPayloadException>(() => new Packed<ScoreFunction>(claim).Value);

        static void Record(Func<object> read)
        {
            try
            {
                read();
            }
            catch (Exception e) when (e is CorruptPayloadException or InvalidSpecException or ArithmeticVersionException)
            {
                // Refused, as it should be.
            }
        }
    }

    [Fact]
    public void PlansComeBackEqual()
    {
        AttentionPlan plan = PlanSamples.Whole();
        AttentionPlan back = Packed.Of(plan).Value;
        Assert.Equal(plan.Visits, back.Visits);
        Assert.Equal(plan.Owners, back.Owners);
        Assert.Equal(plan.Steps, back.Steps);
        Assert.Equal(plan with { Visits = back.Visits, Owners = back.Owners, Steps = back.Steps }, back);
    }

    [Fact]
    public void GarbageIsRefused()
    {
        byte[] spec = Packed.Of(_spec).Bytes;
        for (int cut = 0; cut < spec.Length; cut++)
        {
            Assert.Throws<CorruptPayloadException>(() => new Packed<SequenceSpec>(spec[..cut]).Value);
        }

        Assert.Throws<CorruptPayloadException>(() => new Packed<SequenceSpec>([.. spec, 0]).Value);
        Assert.Throws<CorruptPayloadException>(() => new Packed<AttentionMask>([0xc0]).Value);
        Assert.Throws<CorruptPayloadException>(() => new Packed<AttentionMask>(MessagePackSerializer.Serialize((int[])[77])).Value);
        Assert.Throws<CorruptPayloadException>(() => new Packed<ScoreFunction>(MessagePackSerializer.Serialize((int[])[55, 0])).Value);

        // An array that claims two billion visits in a few bytes.
        byte[] plan = [0x9a, 0xa1, (byte)'s', 0, 0, 0xa4, .. "full"u8, 0, 0, 1, 0xdd, 0x7f, 0xff, 0xff, 0xff];
        Assert.Throws<CorruptPayloadException>(() => new Packed<AttentionPlan>(plan).Value);
        SeededData random = new(3);
        for (int round = 0; round < 20_000; round++)
        {
            byte[] noise = new byte[random.NextInt(40)];
            for (int i = 0; i < noise.Length; i++)
            {
                noise[i] = (byte)random.NextInt(256);
            }

            AssertRefusedOrRead(noise);
            byte[] damaged = (byte[])spec.Clone();
            damaged[random.NextInt(damaged.Length)] = (byte)random.NextInt(256);
            AssertRefusedOrRead(damaged);
        }
    }

    [Fact]
    public void GarbageMasksAreRefused()
    {
        SeededData random = new(4);
        foreach (AttentionMask mask in MaskSamples.All(60).Values)
        {
            byte[] bytes = Packed.Of(mask).Bytes;
            for (int cut = 0; cut < bytes.Length; cut += 1 + (bytes.Length / 50))
            {
                Assert.Throws<CorruptPayloadException>(() => new Packed<AttentionMask>(bytes[..cut]).Value);
            }

            for (int round = 0; round < 200; round++)
            {
                byte[] damaged = (byte[])bytes.Clone();
                damaged[random.NextInt(Math.Min(20, damaged.Length))] = (byte)random.NextInt(256);
                try
                {
                    _ = new Packed<AttentionMask>(damaged).Value.ContentHash;
                }
                catch (Exception e) when (e is CorruptPayloadException or InvalidSpecException)
                {
                    // Refused, as it should be.
                }
            }
        }

        // Masks inside masks without end, and bits that claim two billion bytes in a few.
        byte[] deep = [.. Enumerable.Range(0, 100).SelectMany(static i => (byte[])[0x93, (byte)(19 + (i % 2)), 0x91, 1]), 0x92, 21, 0x91, 1];
        Assert.ThrowsAny<DistAttentionException>(() => new Packed<AttentionMask>(deep).Value);
        byte[] endless = [.. Enumerable.Range(0, 100_000).SelectMany(static _ => (byte[])[0x92, 21])];
        Assert.ThrowsAny<DistAttentionException>(() => new Packed<AttentionMask>(endless).Value);
        byte[] large = [0x97, 18, 1, 1, 0xc6, 0x7f, 0xff, 0xff, 0xff, 0, 0, 0xc0];
        Assert.Throws<CorruptPayloadException>(() => new Packed<AttentionMask>(large).Value);
    }

    [Fact]
    public void AnImpossibleSpecIsNamed()
    {
        byte[] bytes = Packed.Of(_spec with { NumHeadsKv = 5 }).Bytes;
        Assert.Equal(nameof(SequenceSpec.NumHeadsKv), Assert.Throws<InvalidSpecException>(() => new Packed<SequenceSpec>(bytes).Value).Property);
        bytes = Packed.Of(_spec with { ArithmeticVersion = 9 }).Bytes;
        Assert.Equal(9, Assert.Throws<ArithmeticVersionException>(() => new Packed<SequenceSpec>(bytes).Value).Stored);
    }

    [Fact]
    public void FieldsOfLaterVersionsAreSkipped()
    {
        byte[] later = [0x93, 1, 0xa3, .. "new"u8, 0x92, 1, 2];
        Assert.Equal(AttentionMask.Causal, new Packed<AttentionMask>(later).Value);
    }

    private static void AssertRefusedOrRead(byte[] bytes)
    {
        try
        {
            new Packed<SequenceSpec>(bytes).Value.Validate();
        }
        catch (Exception e) when (e is CorruptPayloadException or InvalidSpecException or ArithmeticVersionException)
        {
            // Refused, as it should be.
        }
    }
}
