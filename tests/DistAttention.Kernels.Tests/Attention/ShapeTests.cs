using System.Diagnostics;

namespace DistAttention.Kernels.Tests;

public sealed class ShapeTests
{
    private static readonly (int HeadDim, int HeadDimV, int NumHeadsKv, int GroupSize)[] Shapes =
    [
        (1, 1, 1, 1), (2, 3, 2, 1), (3, 2, 1, 2), (5, 17, 1, 3), (7, 9, 2, 2), (8, 8, 1, 1), (15, 16, 1, 5), (16, 15, 2, 1), (17, 33, 1, 8),
        (24, 40, 3, 1), (31, 1, 1, 4), (32, 64, 1, 2), (33, 32, 2, 3), (47, 48, 1, 1), (64, 64, 1, 7), (65, 63, 1, 1), (80, 5, 1, 2), (96, 80, 1, 1),
    ];

    public static TheoryData<int> ShapeIndices => [.. Enumerable.Range(0, Shapes.Length)];

    [Theory]
    [MemberData(nameof(ShapeIndices))]
    public void All_small_lengths_agree_with_the_reference_and_between_kernels(int index)
    {
        (int headDim, int headDimV, int numHeadsKv, int groupSize) = Shapes[index];
        SeededData data = new((ulong)(50 + index));
        for (int length = 0; length <= 70; length++)
        {
            AttentionProblem problem = new()
            {
                Seed = data.NextBits(),
                HeadDim = headDim,
                HeadDimV = headDimV,
                NumHeadsKv = numHeadsKv,
                GroupSize = groupSize,
                Length = length,
                Rows = data.NextInt(length % 7 == 0 ? 70 : 12),
                KvType = (KvDataType)(length % 4),
                Mask = length / 4 % 2 == 0 ? AttentionMask.Causal : AttentionMask.Full,
                FirstQueryPosition = data.NextInt(3) == 0 ? data.NextInt(80) - 20 : null,
            };
            Check(problem, checkEveryWay: length % 10 == 3);
        }
    }

    [Theory]
    [InlineData(61)]
    [InlineData(62)]
    [InlineData(63)]
    [InlineData(64)]
    public void Random_larger_problems_agree_with_the_reference_and_between_kernels(int seed)
    {
        SeededData data = new((ulong)seed);
        Stopwatch time = Stopwatch.StartNew();
        for (int round = 0; round < 12 && time.Elapsed < TimeSpan.FromSeconds(20); round++)
        {
            int headDim = data.Pick(1, 16, 33, 64, 72, 100, 128, 576);
            AttentionProblem problem = new()
            {
                Seed = data.NextBits(),
                HeadDim = headDim,
                HeadDimV = headDim == 576 ? 512 : data.Pick(1, 16, 40, 64, 100, 128),
                NumHeadsKv = data.Pick(1, 2),
                GroupSize = data.Pick(1, 1, 3, 4),
                Length = data.Pick(255, 256, 257, 1000, 1024, 1025, 2200, 3100),
                Rows = data.Pick(1, 2, 8, 9, 31, 49, 70),
                KvType = (KvDataType)data.NextInt(4),
                Mask = data.Pick(AttentionMask.Full, AttentionMask.Causal),
            };
            Check(problem, checkEveryWay: round % 3 == 0);
        }
    }

    [Theory]
    [InlineData(64, "full", 1e-6)]
    [InlineData(128, "full", 1e-6)]
    [InlineData(64, "causal", 2.5e-6)]
    [InlineData(128, "causal", 2.5e-6)]
    [InlineData(576, "full", 4e-6)]
    [InlineData(576, "causal", 4e-6)]
    public void Unit_normal_data_meets_the_stated_bars(int headDim, string mask, double bar)
    {
        AttentionProblem problem = new() { Seed = 65, HeadDim = headDim, HeadDimV = Math.Min(headDim, 512), Length = 2048, Rows = 2048, Mask = AttentionMask.Parse(mask) };
        using PackedSequence sequence = problem.Pack();
        (float[] output, float[] lse) = problem.Compute(sequence);
        ReferenceAttention reference = problem.Reference(sequence);
        double[] expected = new double[problem.HeadDimV];
        SeededData sample = new(66);
        double error = 0;
        double lseError = 0;
        for (int i = 0; i < 150; i++)
        {
            int row = i < 50 ? i : sample.NextInt(problem.Rows);
            double expectedLse = reference.Row(row, 0, expected);
            error = Math.Max(error, Errors.Largest(output.AsSpan(row * problem.HeadDimV, problem.HeadDimV), expected));
            lseError = Math.Max(lseError, Errors.Largest([lse[row]], [expectedLse]));
        }

        Assert.True(error <= bar, $"o is off by {error:g3}; {problem}");
        Assert.True(lseError <= 2.5e-6, $"lse is off by {lseError:g3}; {problem}");
    }

    private static void Check(AttentionProblem problem, bool checkEveryWay)
    {
        using PackedSequence sequence = problem.Pack();
        (float[] output, float[] lse) = problem.Compute(sequence, KernelChoice.QueryLanes, LaneWidth.Preferred);
        problem.AssertAsGoodAsFloat32(sequence, output, lse);
        string digest = BitDigest.Of(output, lse);
        foreach ((KernelChoice choice, int width) in WidthData.Ways)
        {
            if (checkEveryWay || (choice == KernelChoice.KeyLanes && width == LaneWidth.Preferred))
            {
                (float[] otherOutput, float[] otherLse) = problem.Compute(sequence, choice, width);
                Assert.True(digest == BitDigest.Of(otherOutput, otherLse), $"{choice} at {width} bits differs; {problem}");
            }
        }
    }
}
