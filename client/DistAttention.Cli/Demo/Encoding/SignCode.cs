namespace DistAttention.Cli.Demo.Encoding;

/// <summary>
/// A feature as a vector of length 1 whose signs are the bits of its hash: a random projection. Two features meet with a
/// cosine of 0 ± 1/√dimensions, a feature meets itself with 1 (Johnson–Lindenstrauss with signs: Achlioptas, 2003).
/// </summary>
internal static class SignCode
{
    /// <summary>Adds the feature's code, <paramref name="weight"/> long.</summary>
    /// <param name="vector">[dimensions], added to.</param>
    /// <param name="feature">Its hash.</param>
    /// <param name="weight">Length of what is added.</param>
    public static void Add(Span<float> vector, ulong feature, float weight)
    {
        float size = weight / MathF.Sqrt(vector.Length);
        ulong signs = 0;
        for (int i = 0; i < vector.Length; i++)
        {
            if (i % 64 == 0)
            {
                signs = StableHash.Mix(feature + (ulong)i);
            }

            vector[i] += (signs & 1) == 0 ? size : -size;
            signs >>= 1;
        }
    }

    /// <summary>The length of a vector: one sum in the order of its elements, so that it is the same on every machine.</summary>
    public static float Length(ReadOnlySpan<float> vector)
    {
        float sum = 0;
        foreach (float x in vector)
        {
            sum += x * x;
        }

        return MathF.Sqrt(sum);
    }

    /// <summary>Multiplies every element.</summary>
    public static void Scale(Span<float> vector, float factor)
    {
        foreach (ref float x in vector)
        {
            x *= factor;
        }
    }
}
