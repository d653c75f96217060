namespace DistAttention.Kernels.Tests;

public sealed class RotaryTests
{
    private const int Heads = 3;
    private const int Size = 22;

    public static TheoryData<int> Ways() => [.. Enumerable.Range(0, All().Length)];

    [Theory]
    [MemberData(nameof(Ways))]
    public void KeysAreTurnedAsTheDefinitionSays(int way)
    {
        SequenceSpec spec = new() { NumHeadsKv = Heads, NumHeadsQ = Heads, HeadDim = Size, Rope = All()[way] };
        float[] k = new SeededData(5).Normal(40 * Heads * Size);
        foreach (long first in (long[])[0, 1000, 30_000])
        {
            float[] turned = new float[k.Length];
            KeyRows.Prepare(spec, k, first, turned);
            for (int i = 0; i < 40 * Heads; i++)
            {
                double[] expected = new Cli.Checking.TextbookScore<double>(spec, ScoreFunction.ScaledDot).Key(k.AsSpan(i * Size, Size), i % Heads, first + (i / Heads));
                Assert.True(Errors.Largest(turned.AsSpan(i * Size, Size), expected) < 2e-6);
            }
        }
    }

    [Fact]
    public void RowByRowEqualsAllAtOnceAndQueriesTurnAsKeysDo()
    {
        foreach (RotaryEmbedding rope in All())
        {
            SequenceSpec spec = new() { NumHeadsKv = Heads, NumHeadsQ = Heads, HeadDim = Size, Rope = rope };
            float[] rows = new SeededData(5).Normal(20 * Heads * Size);
            float[] together = new float[rows.Length];
            float[] apart = new float[rows.Length];
            float[] queries = new float[rows.Length];
            KeyRows.Prepare(spec, rows, 777, together);
            QueryRows.Prepare(spec, ScoreFunction.ScaledDot, rows, 777, queries);
            for (int row = 0; row < 20; row++)
            {
                KeyRows.Prepare(spec, rows.AsSpan(row * Heads * Size, Heads * Size), 777 + row, apart.AsSpan(row * Heads * Size));
            }

            Assert.Equal(together, apart);
            Assert.Equal(together, queries);
        }
    }

    [Fact]
    public void ProductsDependOnDistanceAlone()
    {
        SequenceSpec spec = new() { HeadDim = Size, Rope = RotaryEmbedding.Standard(Size) };
        float[] q = new SeededData(6).Normal(Size);
        float[] k = new SeededData(7).Normal(Size);
        double near = Product(5, 2);
        Assert.Equal(near, Product(100_005, 100_002), 1e-5);
        Assert.Equal(near, Product((1L << 39) + 5, (1L << 39) + 2), 1e-5);
        Assert.NotEqual(near, Product(5, 3), 1e-3);

        double Product(long qPos, long kvPos)
        {
            float[] a = new float[Size];
            float[] b = new float[Size];
            QueryRows.Prepare(spec, ScoreFunction.ScaledDot, q, qPos, a);
            KeyRows.Prepare(spec, k, kvPos, b);
            return a.Zip(b, static (x, y) => (double)x * y).Sum();
        }
    }

    [Fact]
    public void PositionsTooFarAreRefused()
    {
        SequenceSpec spec = new() { HeadDim = 2, Rope = RotaryEmbedding.Standard(2) };
        float[] row = [1, 2];
        Assert.Throws<InvalidSpecException>(() => KeyRows.Prepare(spec, row, RotaryEmbedding.MaxPosition, new float[2]));
        Assert.Throws<InvalidSpecException>(() => QueryRows.Prepare(spec, ScoreFunction.ScaledDot, row, -RotaryEmbedding.MaxPosition - 1, new float[2]));
        Assert.Throws<InvalidSpecException>(() => QueryRows.Prepare(spec, ScoreFunction.ScaledDot, row, long.MaxValue, new float[2]));
    }

    [Fact]
    public void AbsoluteEmbeddings()
    {
        float[] inputs = new float[3 * 5];
        PositionEmbedding.AddSinusoidal(inputs, 5, firstPosition: 7);
        for (int token = 0; token < 3; token++)
        {
            for (int c = 0; c < 5; c++)
            {
                double angle = (7 + token) / Math.Pow(10_000, 2.0 * (c / 2) / 5);
                Assert.Equal(c % 2 == 0 ? Math.Sin(angle) : Math.Cos(angle), inputs[(token * 5) + c], 1e-6);
            }
        }

        float[] learned = [1, 1, 1, 1];
        PositionEmbedding.AddLearned(learned, [0, 0, 1, 2, 3, 4], 2, firstPosition: 1);
        Assert.Equal([2f, 3, 4, 5], learned);
        Assert.Throws<ShapeMismatchException>(() => PositionEmbedding.AddLearned(new float[4], [0, 0, 1, 2, 3, 4], 2, firstPosition: 2));
    }

    private static RotaryEmbedding[] All() =>
    [
        RotaryEmbedding.Standard(Size),
        RotaryEmbedding.Standard(10, 500_000) with { Layout = RopeLayout.Interleaved },
        RotaryEmbedding.Linear(Size, 4) with { Layout = RopeLayout.Interleaved },
        RotaryEmbedding.Ntk(18, 8) with { FirstDim = 4 },
        RotaryEmbedding.Yarn(20, 16, 4096),
    ];
}
