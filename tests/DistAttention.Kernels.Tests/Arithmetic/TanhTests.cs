using System.Runtime.Intrinsics;

namespace DistAttention.Kernels.Tests;

public sealed unsafe class TanhTests
{
    [Fact]
    public void IsWithinAUnitAndAHalfOddMonotoneAndNeverAboveOne()
    {
        double worst = 0;
        float before = 0;
        for (int bits = BitConverter.SingleToInt32Bits(1e-30f); bits < BitConverter.SingleToInt32Bits(12f); bits += 1021)
        {
            float x = BitConverter.Int32BitsToSingle(bits);
            float y = Of(x);
            double exact = Math.Tanh(x);
            double unit = exact >= 0.5 ? 5.9604645e-8 : Math.ScaleB(1, Math.ILogB(exact) - 23);
            worst = Math.Max(worst, Math.Abs(y - exact) / unit);
            Assert.Equal(-y, Of(-x));
            Assert.InRange(y, before, 1f);
            before = y;
        }

        Assert.InRange(worst, 0.3, 1.4);
    }

    [Theory]
    [InlineData(0f, 0f)]
    [InlineData(1e-40f, 1e-40f)]
    [InlineData(20f, 1f)]
    [InlineData(float.MaxValue, 1f)]
    [InlineData(float.PositiveInfinity, 1f)]
    [InlineData(float.NegativeInfinity, -1f)]
    public void Ends(float x, float expected) => Assert.Equal(expected, Of(x));

    [Fact]
    public void EveryWidthGivesTheSameBits()
    {
        float[] x = new SeededData(8).Normal(4096, 2);
        for (int i = 0; i < x.Length; i += 16)
        {
            fixed (float* at = &x[i])
            {
                Vector512<float> wide = Tanh.Of<Lanes512, Vector512<float>>(Vector512.Load(at));
                Vector512<float> halves = Vector512.Create(
                    Tanh.Of<Lanes256, Vector256<float>>(Vector256.Load(at)), Tanh.Of<Lanes256, Vector256<float>>(Vector256.Load(at + 8)));
                Assert.Equal(wide, halves);
                for (int lane = 0; lane < 16; lane++)
                {
                    Assert.Equal(wide[lane], Of(x[i + lane]));
                }
            }
        }
    }

    private static float Of(float x) => Tanh.Of<Lanes128, Vector128<float>>(Vector128.Create(x)).ToScalar();
}
