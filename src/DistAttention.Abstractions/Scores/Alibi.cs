namespace DistAttention;

/// <summary>The slopes of Press, Smith and Lewis, Train Short, Test Long: Attention with Linear Biases, 2022.</summary>
public static class Alibi
{
    /// <summary>
    /// The standard slope of every head: 2^(−8/n), 2^(−16/n), … for a power of two n; for other counts those of the power
    /// of two below, followed by every other one of twice that.
    /// </summary>
    /// <param name="heads">Query heads, at least 1.</param>
    /// <returns>[heads].</returns>
    public static FloatTable Slopes(int heads)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(heads);
        int below = 1 << int.Log2(heads);
        return FloatTable.Of([
            .. Enumerable.Range(1, below).Select(i => Slope(i, below)),
            .. Enumerable.Range(0, heads - below).Select(i => Slope((2 * i) + 1, 2 * below)),
        ]);
    }

    private static float Slope(int i, int heads) => (float)Math.Pow(2, -8.0 * i / heads);
}
