using System.Globalization;

namespace DistAttention;

/// <summary>How many (query, position) pairs: a number, or an interval that it lies in where counting would take too long.</summary>
/// <param name="Lower">At least so many.</param>
/// <param name="Upper">At most so many.</param>
public readonly record struct PairCount(Int128 Lower, Int128 Upper)
{
    /// <summary>Whether the number is known.</summary>
    public bool IsExact => Lower == Upper;

    /// <summary>The number, or the middle of the interval: for predictions.</summary>
    public double Estimate => ((double)Lower + (double)Upper) / 2;

    /// <summary>A number.</summary>
    /// <param name="count">The number.</param>
    public static PairCount Exactly(Int128 count) => new(count, count);

    /// <summary>A number.</summary>
    /// <param name="count">The number.</param>
    public static implicit operator PairCount(Int128 count) => Exactly(count);

    /// <summary>The count of both.</summary>
    /// <param name="left">A count.</param>
    /// <param name="right">Another, of other pairs.</param>
    public static PairCount operator +(PairCount left, PairCount right) => new(left.Lower + right.Lower, left.Upper + right.Upper);

    /// <summary>"1,234", or "1,000 to 2,000".</summary>
    public override string ToString() => IsExact
        ? Lower.ToString("N0", CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{Lower:N0} to {Upper:N0}");
}
