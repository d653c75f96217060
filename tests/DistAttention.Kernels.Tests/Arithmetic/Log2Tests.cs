namespace DistAttention.Kernels.Tests;

public sealed class Log2Tests
{
    [Fact]
    public void Powers_of_two_are_exact()
    {
        for (int n = -1074; n <= 1023; n++)
        {
            Assert.Equal(n, Log2.Of(Math.ScaleB(1, n)));
        }

        Assert.Equal(double.NegativeInfinity, Log2.Of(0));
    }

    [Fact]
    public void Agrees_with_the_platform_to_a_few_units_of_double()
    {
        SeededData data = new(22);
        for (int i = 0; i < 200_000; i++)
        {
            double x = Math.ScaleB(1 + data.NextUniform(), data.NextInt(300) - 150);
            double expected = Math.Log2(x);
            Assert.True(Math.Abs(Log2.Of(x) - expected) <= Math.Max(1, Math.Abs(expected)) * 1e-15, $"log2 {x:R}, seed 22");
        }

        foreach (double near in new[] { 1 + 1e-7, 1 - 1e-7, 1.4142135623730951, 1.4142135623730950, 0.70710678118654757 })
        {
            Assert.Equal(Math.Log2(near), Log2.Of(near), 1e-16);
        }
    }
}
