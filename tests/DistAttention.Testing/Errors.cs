namespace DistAttention.Testing;

/// <summary>How far an answer is from the reference.</summary>
public static class Errors
{
    /// <summary>Largest absolute difference; two equal infinities differ by 0, anything else that is not finite by +∞.</summary>
    /// <param name="actual">What a kernel gave.</param>
    /// <param name="expected">The reference.</param>
    public static double Largest(ReadOnlySpan<float> actual, ReadOnlySpan<double> expected)
    {
        if (actual.Length != expected.Length)
        {
            throw new ArgumentException($"{actual.Length} values cannot be compared with {expected.Length}.");
        }

        double largest = 0;
        for (int i = 0; i < actual.Length; i++)
        {
            double difference = actual[i] == expected[i] ? 0 : Math.Abs(actual[i] - expected[i]);
            largest = Math.Max(largest, double.IsFinite(difference) ? difference : double.PositiveInfinity);
        }

        return largest;
    }
}
