namespace DistAttention.Kernels;

/// <summary>
/// log₂ of positive finite numbers in double precision: x = 2ᵉ · f with f in [√½, √2), then the odd series of
/// 2 · artanh((f − 1) / (f + 1)) through s²¹, which leaves less than 1e−16. Only IEEE basic operations, so the bits are the same everywhere.
/// </summary>
internal static class Log2
{
    public const double LogE = 1.4426950408889634; // log₂ e
    public const double Ln2 = 0.6931471805599453;

    /// <summary>log₂ x for x &gt; 0 and finite; −∞ for 0.</summary>
    public static double Of(double x)
    {
        if (x == 0)
        {
            return double.NegativeInfinity;
        }

        const long OneMantissa = 1L << 52;
        int exponent = 0;
        if (x < 2.2250738585072014E-308)
        {
            x *= 18014398509481984.0; // 2⁵⁴: makes a subnormal number normal
            exponent = -54;
        }

        long bits = BitConverter.DoubleToInt64Bits(x);
        exponent += (int)(bits >> 52) - 1023;
        double f = BitConverter.Int64BitsToDouble((bits & (OneMantissa - 1)) | (1023L << 52));
        if (f > 1.4142135623730951)
        {
            f *= 0.5;
            exponent++;
        }

        double s = (f - 1) / (f + 1);
        double s2 = s * s;
        double series = 1.0 / 21;
        for (int odd = 19; odd >= 1; odd -= 2)
        {
            series = (series * s2) + (1.0 / odd);
        }

        return exponent + (2 * LogE * s * series);
    }
}
