namespace DistAttention.Kernels;

/// <summary>
/// Sine and cosine of position × frequency in double precision, for positions up to 2⁴⁰ in size: the product is formed
/// exactly as a sum of two doubles, reduced by multiples of π/2 in three parts (Cody and Waite 1980), and put into Taylor
/// series up to x¹⁷. At most about 1e−15 off.
/// </summary>
/// <remarks>Only IEEE operations with one right answer, in one order: the same bits everywhere.</remarks>
internal static class SinCos
{
    private const double TwoOverPi = 0.6366197723675814;
    private const double HalfPi1 = 1.5707963267948966;
    private const double HalfPi2 = 6.123233995736766e-17;
    private const double HalfPi3 = -1.4973849048591698e-33;
    private const double Rounder = 6755399441055744.0; // 1.5 · 2⁵²: adding it rounds to an integer, ties to even

    /// <summary>sin and cos of position · frequency.</summary>
    /// <param name="position">At most 2⁴⁰ in size.</param>
    /// <param name="frequency">At most 2 in size.</param>
    public static (double Sin, double Cos) Of(long position, double frequency)
    {
        double high = position * frequency;
        double low = Math.FusedMultiplyAdd(position, frequency, -high); // high + low is the angle, exactly
        double quarters = (high * TwoOverPi) + Rounder - Rounder;
        double x = Math.FusedMultiplyAdd(-quarters, HalfPi1, high); // exact
        x = Math.FusedMultiplyAdd(-quarters, HalfPi2, x) + low;
        x = Math.FusedMultiplyAdd(-quarters, HalfPi3, x);
        (double sin, double cos) = OfReduced(x);
        return ((long)quarters & 3) switch
        {
            0 => (sin, cos),
            1 => (cos, -sin),
            2 => (-sin, -cos),
            _ => (-cos, sin),
        };
    }

    /// <summary>For |x| up to a little above π/4.</summary>
    private static (double Sin, double Cos) OfReduced(double x)
    {
        double z = x * x;
        double sin = 2.8114572543455206e-15; // 1/17!
        sin = Math.FusedMultiplyAdd(sin, z, -7.647163731819816e-13);
        sin = Math.FusedMultiplyAdd(sin, z, 1.6059043836821613e-10);
        sin = Math.FusedMultiplyAdd(sin, z, -2.505210838544172e-08);
        sin = Math.FusedMultiplyAdd(sin, z, 2.7557319223985893e-06);
        sin = Math.FusedMultiplyAdd(sin, z, -0.0001984126984126984);
        sin = Math.FusedMultiplyAdd(sin, z, 0.008333333333333333);
        sin = Math.FusedMultiplyAdd(sin, z, -0.16666666666666666);
        double cos = 4.779477332387385e-14; // 1/16!
        cos = Math.FusedMultiplyAdd(cos, z, -1.1470745597729725e-11);
        cos = Math.FusedMultiplyAdd(cos, z, 2.08767569878681e-09);
        cos = Math.FusedMultiplyAdd(cos, z, -2.755731922398589e-07);
        cos = Math.FusedMultiplyAdd(cos, z, 2.48015873015873e-05);
        cos = Math.FusedMultiplyAdd(cos, z, -0.001388888888888889);
        cos = Math.FusedMultiplyAdd(cos, z, 0.041666666666666664);
        cos = Math.FusedMultiplyAdd(cos, z, -0.5);
        return (Math.FusedMultiplyAdd(x * z, sin, x), Math.FusedMultiplyAdd(z, cos, 1));
    }
}
