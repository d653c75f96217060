using System.Numerics;

namespace DistAttention.Kernels.Tests;

public sealed class SinCosTests
{
    [Fact]
    public void IsAccurateUpToTheFarthestPositions()
    {
        SeededData data = new(6);
        double worst = 0;
        for (int i = 0; i < 20_000; i++)
        {
            long position = (long)((data.NextUniform() - 0.5) * 2 * Math.Pow(2, data.NextInt(41)));
            double frequency = data.NextUniform() * Math.Pow(10, -data.NextInt(6));
            (double sin, double cos) = SinCos.Of(position, frequency);
            (double exactSin, double exactCos) = Exact(position, frequency);
            worst = Math.Max(worst, Math.Max(Math.Abs(sin - exactSin), Math.Abs(cos - exactCos)));
        }

        Assert.InRange(worst, 1e-17, 1e-15);
    }

    [Fact]
    public void Quarters()
    {
        Assert.Equal((0, 1), SinCos.Of(0, 1));
        Assert.Equal(Math.Sin(1), SinCos.Of(1, 1).Sin, 1e-16);
        Assert.Equal(Math.Sin(-2), SinCos.Of(-2, 1).Sin, 1e-16);
        Assert.Equal(Math.Cos(-3), SinCos.Of(-3, 1).Cos, 1e-16);
        Assert.Equal(Math.Cos(5), SinCos.Of(5, 1).Cos, 1e-16);
    }

    /// <summary>The angle as a fraction of whole numbers, less whole turns of π taken to 120 digits.</summary>
    private static (double Sin, double Cos) Exact(long position, double frequency)
    {
        BigInteger unit = BigInteger.Pow(2, 300);
        BigInteger twoPi = BigInteger.Parse("62831853071795864769252867665590057683943387987502116419498891846156328125724179972560696506842341359642961730265646132941876892191011644634507188162569") * unit / BigInteger.Pow(10, 151);
        long bits = BitConverter.DoubleToInt64Bits(frequency);
        int exponent = (int)(bits >> 52) - 1075;
        BigInteger angle = (BigInteger)position * ((bits & ((1L << 52) - 1)) | (1L << 52)) * BigInteger.Pow(2, 300 + exponent);
        BigInteger rest = BigInteger.Remainder(angle, twoPi);
        double x = (double)rest / (double)unit;
        return (Math.Sin(x), Math.Cos(x));
    }
}
