using System.Runtime.CompilerServices;

namespace DistAttention.Kernels;

/// <summary>
/// The hyperbolic tangent of the project, for every float but NaN. Up to 1 in size: x + x · Series(x²), a minimax polynomial
/// of degree 6 (1.9e−8 before rounding). Beyond: ±(1 + e · Rest(e)) with e = 2^(−2|x|·log₂e), at most e⁻², and Rest(e) near −2 / (1 + e), of
/// degree 4 (1.5e−8): no division. Odd, monotone, never above 1, at most 1.4 units in the last place off.
/// </summary>
/// <remarks>Written out, so that every width and machine gives the same bits.</remarks>
internal static class Tanh
{
    private const float MinusTwoLogE = -2.885390081777927f;

    private const float C0 = -0.3333333134651184f;
    private const float C1 = 0.1333312839269638f;
    private const float C2 = -0.053934790194034576f;
    private const float C3 = 0.02166011556982994f;
    private const float C4 = -0.008218921720981598f;
    private const float C5 = 0.0025104593951255083f;
    private const float C6 = -0.00042069549090228975f;

    private const float R0 = -1.9999998807907104f;
    private const float R1 = 1.9999524354934692f;
    private const float R2 = -1.9971466064453125f;
    private const float R3 = 1.939096450805664f;
    private const float R4 = -1.4488836526870728f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec Of<TLanes, TVec>(TVec x)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
    {
        TVec z = TLanes.Multiply(x, x);
        TVec small = TLanes.Fma(x, Series<TLanes, TVec>(z), x);
        TVec isLarge = IsLarge<TLanes, TVec>(z);
        return TLanes.Any(isLarge) ? TLanes.Select(isLarge, OfLarge<TLanes, TVec>(x), small) : small;
    }

    /// <summary>Lanes whose x is larger than 1, given its square.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec IsLarge<TLanes, TVec>(TVec z)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct => TLanes.LessThan(TLanes.Broadcast(1f), z);

    /// <summary>tanh(x) / x − 1 for z = x² up to 1; anything but NaN beyond.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec Series<TLanes, TVec>(TVec z)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
    {
        TVec y = TLanes.Fma(TLanes.Broadcast(C6), z, TLanes.Broadcast(C5));
        y = TLanes.Fma(y, z, TLanes.Broadcast(C4));
        y = TLanes.Fma(y, z, TLanes.Broadcast(C3));
        y = TLanes.Fma(y, z, TLanes.Broadcast(C2));
        y = TLanes.Fma(y, z, TLanes.Broadcast(C1));
        y = TLanes.Fma(y, z, TLanes.Broadcast(C0));
        return TLanes.Multiply(z, y);
    }

    /// <summary>tanh(x) for sizes above 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec OfLarge<TLanes, TVec>(TVec x)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
    {
        TVec e = Exp2.OfNonPositive<TLanes, TVec>(TLanes.Multiply(TLanes.Abs(x), TLanes.Broadcast(MinusTwoLogE)));
        TVec rest = TLanes.Fma(TLanes.Broadcast(R4), e, TLanes.Broadcast(R3));
        rest = TLanes.Fma(rest, e, TLanes.Broadcast(R2));
        rest = TLanes.Fma(rest, e, TLanes.Broadcast(R1));
        rest = TLanes.Fma(rest, e, TLanes.Broadcast(R0));
        TVec size = TLanes.Fma(e, rest, TLanes.Broadcast(1f));
        return TLanes.Or(size, TLanes.And(x, TLanes.Broadcast(-0f)));
    }
}
