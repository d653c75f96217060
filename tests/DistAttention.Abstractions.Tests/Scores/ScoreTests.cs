namespace DistAttention.Abstractions.Tests;

public sealed class ScoreTests
{
    private static readonly SequenceSpec _spec = new() { NumHeadsQ = 4, NumHeadsKv = 2, HeadDim = 3 };

    [Fact]
    public void TablesAreEqualByContent()
    {
        FloatTable a = FloatTable.Of([1f, 2, 3, 4, 5, 6], 2, 3);
        Assert.Equal(a, FloatTable.Of([1f, 2, 3, 4, 5, 6], 2, 3));
        Assert.True(a == FloatTable.Of([1f, 2, 3, 4, 5, 6], 2, 3));
        Assert.Equal(a.GetHashCode(), FloatTable.Of([1f, 2, 3, 4, 5, 6], 2, 3).GetHashCode());
        Assert.NotEqual(a, FloatTable.Of([1f, 2, 3, 4, 5, 6], 3, 2));
        Assert.True(a != FloatTable.Of([1f, 2, 3, 4, 5, 7], 2, 3));
        Assert.Equal("[2, 3]", a.ToString());
        float[] values = [1, 2];
        FloatTable copied = FloatTable.Of(values);
        values[0] = 9;
        Assert.Equal(1, copied.Values[0]);
    }

    [Fact]
    public void TablesThatCannotBeAreRefused()
    {
        Assert.Contains("do not fill", Refused(() => FloatTable.Of([1f, 2], 3)).Problem, StringComparison.Ordinal);
        Assert.Contains("number 1", Refused(() => FloatTable.Of([1f, float.NaN])).Problem, StringComparison.Ordinal);
        Assert.Contains("empty dimension", Refused(() => FloatTable.Of([], 0, 3)).Problem, StringComparison.Ordinal);
        Assert.Contains("do not fill", Refused(() => FloatTable.Of([1f], int.MaxValue, int.MaxValue)).Problem, StringComparison.Ordinal);
        Assert.Contains("more than", Refused(() => FloatTable.Of(new float[FloatTable.MaxLength + 1])).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void ScoresAreEqualByContentAndDifferByKind()
    {
        ScoreFunction Make(float last) => new ScaledDotScore { SoftCap = 3, AlibiSlopes = FloatTable.Of([1f, 2, 3, last]), RelativeBias = new(FloatTable.Of([1f, 2, last], 1, 3)) };
        Assert.Equal(Make(4), Make(4));
        Assert.Equal(Make(4).GetHashCode(), Make(4).GetHashCode());
        Assert.NotEqual(Make(4), Make(5));
        Assert.NotEqual(ScoreFunction.Dot, new ScaledDotScore { SmScale = 1 });
        Assert.Equal(new MultiplicativeScore(FloatTable.Of([1f], 1, 1, 1)), new MultiplicativeScore(FloatTable.Of([1f], 1, 1, 1)));
    }

    public static TheoryData<Action, string> Impossible() => new()
    {
        { static () => _ = new ScaledDotScore { SoftCap = 0 }, nameof(ScoreFunction.SoftCap) },
        { static () => _ = new ScaledDotScore { SoftCap = float.NaN }, nameof(ScoreFunction.SoftCap) },
        { static () => _ = new ScaledDotScore { AlibiSlopes = FloatTable.Of([1e10f]) }, nameof(ScoreFunction.AlibiSlopes) },
        { static () => _ = new ScaledDotScore { AlibiSlopes = FloatTable.Of([1f], 1, 1) }, nameof(ScoreFunction.AlibiSlopes) },
        { static () => _ = new ScaledDotScore { SinkLogits = FloatTable.Of([1f], 1, 1) }, nameof(ScoreFunction.SinkLogits) },
        { static () => _ = new RelativeBias(FloatTable.Of([1f, 2], 1, 2)), nameof(RelativeBias.Table) },
        { static () => _ = new MultiplicativeScore(FloatTable.Of([1f])), nameof(MultiplicativeScore.Weights) },
        { static () => _ = new AdditiveScore(FloatTable.Of([1f])), nameof(AdditiveScore.V) },
        { static () => _ = new DotScore { AlibiSlopes = FloatTable.Of([1f, 2]) }.Checked(), nameof(ScoreFunction.AlibiSlopes) },
        { static () => _ = new DotScore { RelativeBias = new(FloatTable.Of(new float[6], 2, 3)) }.Checked(), nameof(ScoreFunction.RelativeBias) },
        { static () => _ = new DotScore { SinkLogits = FloatTable.Of([1f, 2, 3]) }.Checked(), nameof(ScoreFunction.SinkLogits) },
        { static () => _ = new MultiplicativeScore(FloatTable.Of(new float[6], 1, 3, 2)).Checked(), nameof(MultiplicativeScore.Weights) },
        { static () => _ = new MultiplicativeScore(FloatTable.Of(new float[18], 2, 3, 3)).Checked(), nameof(MultiplicativeScore.Weights) },
        { static () => _ = new AdditiveScore(FloatTable.Of(new float[4], 1, 4)).Checked(), nameof(AdditiveScore.V) },
        { static () => _ = new AdditiveScore(FloatTable.Of(new float[3], 1, 3), FloatTable.Of(new float[6], 1, 2, 3)).Checked(), nameof(AdditiveScore.QueryProjection) },
        { static () => ScoreFunction.Dot.ValidateFor(_spec with { KeyProjection = FloatTable.Of(new float[6], 1, 3, 2) }), nameof(AttendOptions.Score) },
        { static () => (_spec with { KeyProjection = FloatTable.Of(new float[6], 1, 2, 3) }).Validate(), nameof(SequenceSpec.KeyProjection) },
        { static () => (_spec with { KeyProjection = FloatTable.Of(new float[36], 4, 3, 3) }).Validate(), nameof(SequenceSpec.KeyProjection) },
        { static () => (_spec with { ValueFromKeyPrefix = true, HeadDimV = 4 }).Validate(), nameof(SequenceSpec.HeadDimV) },
        { static () => (_spec with { Rope = RotaryEmbedding.Standard(4) }).Validate(), nameof(SequenceSpec.Rope) },
        { static () => (_spec with { ValueFromKeyPrefix = true, HeadDimV = 2, Rope = RotaryEmbedding.Standard(2) }).Validate(), nameof(SequenceSpec.Rope) },
        { static () => RotaryEmbedding.Standard(3), nameof(RotaryEmbedding.Dims) },
        { static () => RotaryEmbedding.Linear(4, 0.5), "Factor" },
        { static () => _ = new RotaryEmbedding([double.NaN]), nameof(RotaryEmbedding.InverseFrequencies) },
    };

    [Theory]
    [MemberData(nameof(Impossible))]
    public void WhatCannotBeIsNamed(Action make, string property) => Assert.Equal(property, Refused(make).Property);

    [Fact]
    public void StandardSlopes()
    {
        Assert.Equal([0.5f, 0.25f, 0.125f, 0.0625f, 0.03125f, 0.015625f, 0.0078125f, 0.00390625f], Alibi.Slopes(8).Values.ToArray());
        Assert.Equal([0.00390625f], Alibi.Slopes(1).Values.ToArray());

        // For six heads: those of four, then every other one of eight.
        Assert.Equal([0.25f, 0.0625f, 0.015625f, 0.00390625f, 0.5f, 0.125f], Alibi.Slopes(6).Values.ToArray());
    }

    [Fact]
    public void BucketsOfT5()
    {
        // As the T5 code gives them for 32 buckets up to a distance of 128.
        (long Distance, int Bidirectional, int Unidirectional)[] known =
            [(0, 0, 0), (-1, 1, 1), (-7, 7, 7), (-8, 8, 8), (-12, 9, 12), (-16, 10, 16), (-64, 14, 26), (-127, 15, 31), (-5000, 15, 31), (1, 17, 0), (8, 24, 0), (32, 28, 0), (128, 31, 0)];
        foreach ((long distance, int bidirectional, int unidirectional) in known)
        {
            Assert.Equal(bidirectional, RelativeBias.T5Bucket(distance, 32, true, 128));
            Assert.Equal(unidirectional, RelativeBias.T5Bucket(distance, 32, false, 128));
        }

        float[] buckets = [.. Enumerable.Range(0, 64).Select(static i => (float)i)]; // [32, 2]: bucket · 2 + head
        RelativeBias bias = RelativeBias.T5(FloatTable.Of(buckets, 32, 2), bidirectional: true);
        Assert.Equal((128, "[2, 257]"), (bias.Radius, bias.Table.ToString()));
        for (int distance = -128; distance <= 128; distance++)
        {
            Assert.Equal((RelativeBias.T5Bucket(distance, 32, true, 128) * 2) + 1, bias.Table.Values[257 + 128 + distance]);
        }
    }

    [Fact]
    public void RotationsTakeTheirScalingIntoFrequencies()
    {
        Assert.Equal([1, 0.1, 0.01, 0.001], RotaryEmbedding.Standard(8).InverseFrequencies.ToArray().Select(static f => Math.Round(f, 12)));
        Assert.Equal(0.25, RotaryEmbedding.Linear(8, 4).InverseFrequencies[0], 1e-15);

        // NTK-aware: the fastest pair stays, the slowest is interpolated by the whole factor.
        RotaryEmbedding ntk = RotaryEmbedding.Ntk(8, 4);
        Assert.Equal(1, ntk.InverseFrequencies[0]);
        Assert.Equal(0.001 / 4, ntk.InverseFrequencies[^1], 1e-15);

        // YaRN: fast pairs stay, slow ones are interpolated, and scores get their temperature.
        RotaryEmbedding plain = RotaryEmbedding.Standard(64);
        RotaryEmbedding yarn = RotaryEmbedding.Yarn(64, 16, 4096);
        Assert.Equal(plain.InverseFrequencies[0], yarn.InverseFrequencies[0]);
        Assert.Equal(plain.InverseFrequencies[^1] / 16, yarn.InverseFrequencies[^1], 1e-18);
        Assert.Equal((0.1 * Math.Log(16)) + 1, yarn.AttentionFactor);
        Assert.Equal(yarn, RotaryEmbedding.Yarn(64, 16, 4096));
        Assert.NotEqual(yarn, yarn with { Layout = RopeLayout.Interleaved });
    }

    private static InvalidSpecException Refused(Action make) => Assert.Throws<InvalidSpecException>(make);
}

internal static class ScoreChecks
{
    public static ScoreFunction Checked(this ScoreFunction score)
    {
        score.ValidateFor(new SequenceSpec { NumHeadsQ = 4, NumHeadsKv = 2, HeadDim = 3 });
        return score;
    }
}
