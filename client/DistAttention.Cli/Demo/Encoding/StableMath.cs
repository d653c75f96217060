namespace DistAttention.Cli.Demo.Encoding;

/// <summary>A logarithm of IEEE multiplications only: the platform's C library may differ in the last bit, this cannot.</summary>
internal static class StableMath
{
    private const int FractionBits = 30;

    /// <summary>log2(x), cut after 30 binary digits.</summary>
    /// <param name="x">Positive and finite.</param>
    public static double Log2(double x)
    {
        int exponent = Math.ILogB(x);
        double rest = Math.ScaleB(x, -exponent); // in [1, 2)
        double log = exponent;
        double bit = 0.5;
        for (int i = 0; i < FractionBits; i++, bit *= 0.5)
        {
            // Squaring doubles the logarithm, so its next binary digit shows as a factor of two.
            rest *= rest;
            if (rest >= 2)
            {
                rest *= 0.5;
                log += bit;
            }
        }

        return log;
    }
}
