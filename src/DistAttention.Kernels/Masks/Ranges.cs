namespace DistAttention.Kernels;

/// <summary>Range arithmetic that masks share.</summary>
internal static class Ranges
{
    /// <summary>a / b, rounded down, also where a is negative.</summary>
    public static long FloorDiv(long a, long b)
    {
        long quotient = a / b;
        return a % b < 0 ? quotient - 1 : quotient;
    }

    /// <summary>0 to b − 1.</summary>
    public static long FloorMod(long a, long b) => a - (FloorDiv(a, b) * b);

    public static Int128 Pairs(PositionRange q, PositionRange kv) => (Int128)q.Length * kv.Length;

    public static bool Contains(this PositionRange outer, PositionRange inner) => inner.Start >= outer.Start && inner.End <= outer.End;

    /// <summary>
    /// How many pairs (a, b) of two ranges have lower ≤ b − a ≤ upper: what lies below the upper edge less what lies below the lower one.
    /// </summary>
    public static Int128 CountBand(PositionRange a, PositionRange b, long lower, long upper) =>
        a.IsEmpty || b.IsEmpty || lower > upper ? 0 : CountUpTo(a, b, upper) - CountUpTo(a, b, lower - 1);

    /// <summary>The pairs with b − a ≤ most: each a meets clamp(a + most + 1 − b.Start, 0, n), a triangle between those that meet none and all.</summary>
    private static Int128 CountUpTo(PositionRange a, PositionRange b, long most)
    {
        PositionRange partly = a.Intersect(new PositionRange(b.Start - most, b.End - 1 - most));
        PositionRange wholly = a.Intersect(new PositionRange(b.End - 1 - most, long.MaxValue));
        Int128 first = (Int128)partly.Start + most + 1 - b.Start;
        Int128 last = (Int128)partly.End + most - b.Start;
        Int128 triangle = partly.IsEmpty ? 0 : (first + last) * partly.Length / 2;
        return triangle + ((Int128)wholly.Length * b.Length);
    }
}
