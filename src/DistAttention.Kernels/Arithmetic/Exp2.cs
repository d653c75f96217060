using System.Runtime.CompilerServices;

namespace DistAttention.Kernels;

/// <summary>
/// 2ˣ for x ≤ 0, the one exponential of the project: x is split into the nearest integer n and f = x − n, 2ᶠ is a
/// polynomial of degree 6 in Horner form (minimax for the relative error with constant term 1, 3.0e−9 before rounding),
/// and n is added to the exponent.
/// </summary>
/// <remarks>
/// Written out, so that every width and machine gives the same bits: x &lt; −126 (and −∞) gives +0, x = 0 gives 1, every
/// other result is a normal number: where n = −126, f is not negative, and the polynomial is at least 1 there. NaN is not allowed in.
/// </remarks>
internal static class Exp2
{
    /// <summary>Adding it rounds a small number to the nearest integer, ties to even, and leaves that integer in the low bits.</summary>
    private const float Rounder = 12582912f; // 1.5 · 2²³

    private const float Smallest = -126f;
    private const float C1 = 0.693147182f;
    private const float C2 = 0.240226477f;
    private const float C3 = 0.0555035956f;
    private const float C4 = 0.00961850025f;
    private const float C5 = 0.00133909716f;
    private const float C6 = 0.000153289249f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec OfNonPositive<TLanes, TVec>(TVec x)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
    {
        TVec shifted = TLanes.Add(x, TLanes.Broadcast(Rounder));
        TVec f = TLanes.Subtract(x, TLanes.Subtract(shifted, TLanes.Broadcast(Rounder)));
        TVec y = TLanes.Fma(TLanes.Broadcast(C6), f, TLanes.Broadcast(C5));
        y = TLanes.Fma(y, f, TLanes.Broadcast(C4));
        y = TLanes.Fma(y, f, TLanes.Broadcast(C3));
        y = TLanes.Fma(y, f, TLanes.Broadcast(C2));
        y = TLanes.Fma(y, f, TLanes.Broadcast(C1));
        y = TLanes.Fma(y, f, TLanes.Broadcast(1f));
        y = TLanes.AddExponent(y, shifted);
        return TLanes.Select(TLanes.AtLeast(x, TLanes.Broadcast(Smallest)), y, TLanes.Zero);
    }
}
