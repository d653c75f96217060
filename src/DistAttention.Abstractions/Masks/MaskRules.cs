namespace DistAttention;

/// <summary>What numbers in masks have to be.</summary>
internal static class MaskRules
{
    /// <summary>Farther than any position, and far from overflow: reaches and lengths end here.</summary>
    public const long Farthest = 1L << 48;

    public static long InRange(long value, string property, long least, long most = Farthest) =>
        value >= least && value <= most ? value : throw new InvalidSpecException(property, $"{value} is not between {least} and {most}");

    /// <summary>a / b, rounded down, also where a is negative.</summary>
    public static long FloorDiv(long a, long b)
    {
        long quotient = a / b;
        return a % b < 0 ? quotient - 1 : quotient;
    }

    /// <summary>a − b · FloorDiv(a, b): 0 to b − 1.</summary>
    public static long FloorMod(long a, long b) => a - (FloorDiv(a, b) * b);
}
