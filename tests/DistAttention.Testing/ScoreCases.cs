namespace DistAttention.Testing;

/// <summary>Problems that between them use every score, every modifier and their combinations, every rotation and every way of keeping heads.</summary>
public static class ScoreCases
{
    /// <summary>The problems, each with a name.</summary>
    /// <param name="some">Shape, data and mask that they share.</param>
    public static IEnumerable<(string Name, AttentionProblem Problem)> All(AttentionProblem some)
    {
        foreach ((string name, ScoreFunction score) in Modified(some))
        {
            yield return (name, some with { ScoreFunction = score });
        }

        SeededData data = new(some.Seed + 1000);
        int size = some.HeadDim;
        int wide = size + 3;
        FloatTable Matrix(int heads, int inputs, int outputs) => FloatTable.Of(data.Normal(heads * inputs * outputs, 1 / Math.Sqrt(inputs)), heads, inputs, outputs);
        FloatTable V(int heads, int length) => FloatTable.Of(data.Normal(heads * length, 1 / Math.Sqrt(length)), heads, length);

        yield return ("multiplicative", some with { ScoreFunction = new MultiplicativeScore(Matrix(1, size, size)) { SmScale = 0.3f } });
        yield return ("multiplicative-per-head-capped", some with { ScoreFunction = new MultiplicativeScore(Matrix(some.NumHeadsQ, size, size)) { SoftCap = 2, SinkLogits = FloatTable.Of([0.5f]) } });
        yield return ("additive", some with { ScoreFunction = new AdditiveScore(V(some.NumHeadsQ, size)) });
        yield return ("additive-projected", some with { ScoreFunction = new AdditiveScore(V(1, wide), Matrix(some.NumHeadsQ, size, wide)), KeyProjection = Matrix(some.NumHeadsKv, size, wide) });
        yield return ("additive-alibi-sinks", some with
        {
            ScoreFunction = new AdditiveScore(V(some.NumHeadsQ, size), Matrix(1, size, size)) { AlibiSlopes = Alibi.Slopes(some.NumHeadsQ), SoftCap = 1, SinkLogits = FloatTable.Of(data.Normal(some.NumHeadsQ)) },
            KeyProjection = Matrix(1, size, size),
        });
        int pairs = size / 2 * 2;
        yield return ("rope", some with { Rope = RotaryEmbedding.Standard(pairs) });
        yield return ("rope-interleaved-partial-yarn", some with { Rope = RotaryEmbedding.Yarn(pairs - 2, 4, 64) with { Layout = RopeLayout.Interleaved, FirstDim = 2 } });
        yield return ("rope-ntk-capped", some with { Rope = RotaryEmbedding.Ntk(pairs, 8), ScoreFunction = new ScaledDotScore { SoftCap = 5 } });
        yield return ("value-from-key", some with { ValueFromKeyPrefix = true, HeadDimV = size - 1 });
        yield return ("latent-rope", some with { ValueFromKeyPrefix = true, HeadDimV = size - 4, Rope = RotaryEmbedding.Linear(4, 2) with { FirstDim = size - 4 } });
    }

    /// <summary>Products with every combination of modifiers.</summary>
    /// <param name="some">Shape of the heads.</param>
    public static IEnumerable<(string Name, ScoreFunction Score)> Modified(AttentionProblem some)
    {
        SeededData data = new(some.Seed + 2000);
        FloatTable slopes = FloatTable.Of(data.Normal(some.NumHeadsQ, 0.05));
        RelativeBias near = new(FloatTable.Of(data.Normal(some.NumHeadsQ * 41), some.NumHeadsQ, 41));
        RelativeBias wide = RelativeBias.T5(FloatTable.Of(data.Normal(32 * some.NumHeadsQ), 32, some.NumHeadsQ), bidirectional: true, 700);
        yield return ("dot", new DotScore { SoftCap = 30 });
        yield return ("soft-cap-bent", new ScaledDotScore { SoftCap = 0.75f });
        yield return ("alibi", new ScaledDotScore { AlibiSlopes = Alibi.Slopes(some.NumHeadsQ) });
        yield return ("bias", new ScaledDotScore { RelativeBias = near });
        yield return ("bias-one-for-all", new ScaledDotScore { RelativeBias = new(FloatTable.Of(data.Normal(3), 1, 3)) });
        yield return ("t5", new DotScore { RelativeBias = wide });
        yield return ("cap-alibi", new ScaledDotScore { SoftCap = 3, AlibiSlopes = slopes });
        yield return ("cap-bias", new ScaledDotScore { SoftCap = 3, RelativeBias = wide });
        yield return ("alibi-bias", new ScaledDotScore { AlibiSlopes = slopes, RelativeBias = near });
        yield return ("cap-alibi-bias-sinks", new ScaledDotScore { SmScale = 0.7f, SoftCap = 3, AlibiSlopes = slopes, RelativeBias = near, SinkLogits = FloatTable.Of(data.Normal(some.NumHeadsQ, 3)) });
        yield return ("sinks", new ScaledDotScore { SinkLogits = FloatTable.Of([2f]) });
    }
}
