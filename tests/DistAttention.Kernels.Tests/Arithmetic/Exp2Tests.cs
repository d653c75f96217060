using System.Runtime.Intrinsics;

namespace DistAttention.Kernels.Tests;

public sealed class Exp2Tests
{
    [Fact]
    public void Special_values_are_exact()
    {
        Assert.Equal(1f, Of(0f));
        Assert.Equal(1f, Of(-0f));
        Assert.Equal(0.5f, Of(-1f));
        Assert.Equal(MathF.ScaleB(1, -126), Of(-126f));
        foreach (float x in new[] { MathF.BitDecrement(-126f), -126.4f, -127f, -150f, -1e10f, float.MinValue, float.NegativeInfinity })
        {
            Assert.Equal(0, BitConverter.SingleToInt32Bits(Of(x)));
        }
    }

    [Fact]
    public void Within_a_unit_in_the_last_place_over_the_whole_range_and_never_subnormal()
    {
        double worst = 0;
        int end = BitConverter.SingleToInt32Bits(126f);
        for (int bits = 0; bits <= end; bits += 397)
        {
            float x = -BitConverter.Int32BitsToSingle(bits);
            float y = Of(x);
            double exact = Math.Pow(2, x);
            double unit = Math.Pow(2, Math.Floor(x) - 23);
            worst = Math.Max(worst, Math.Abs(y - exact) / unit);
            Assert.True(y is >= 1.17549435E-38f and <= 1f, $"2^{x:R} gave {y:R}");
        }

        Assert.True(worst <= 1, $"off by {worst} units");
    }

    [Fact]
    public void The_lowest_binade_never_falls_below_the_smallest_normal_number()
    {
        int end = BitConverter.SingleToInt32Bits(126f);
        for (int bits = BitConverter.SingleToInt32Bits(125.4f); bits <= end; bits++)
        {
            float x = -BitConverter.Int32BitsToSingle(bits);
            Assert.True(Of(x) >= 1.17549435E-38f, $"2^{x:R} gave {Of(x):R}");
        }
    }

    [Fact]
    public unsafe void Every_width_gives_the_same_bits()
    {
        SeededData data = new(21);
        float* x = stackalloc float[16];
        float* a = stackalloc float[16];
        float* b = stackalloc float[16];
        float* c = stackalloc float[16];
        for (int round = 0; round < 5000; round++)
        {
            for (int i = 0; i < 16; i++)
            {
                x[i] = (float)(-130 * Math.Pow(data.NextUniform(), 1 + (round % 5)));
            }

            Store<Lanes512, Vector512<float>>(x, a);
            Store<Lanes256, Vector256<float>>(x, b);
            Store<Lanes128, Vector128<float>>(x, c);
            Assert.True(new Span<float>(a, 16).SequenceEqual(new Span<float>(b, 16)), "512 and 256 differ, seed 21");
            Assert.True(new Span<float>(a, 16).SequenceEqual(new Span<float>(c, 16)), "512 and 128 differ, seed 21");
        }
    }

    private static float Of(float x) => Exp2.OfNonPositive<Lanes128, Vector128<float>>(Vector128.Create(x)).ToScalar();

    private static unsafe void Store<TLanes, TVec>(float* x, float* y)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
    {
        for (int i = 0; i < 16; i += TLanes.Count)
        {
            TLanes.Store(y + i, Exp2.OfNonPositive<TLanes, TVec>(TLanes.Load(x + i)));
        }
    }
}
