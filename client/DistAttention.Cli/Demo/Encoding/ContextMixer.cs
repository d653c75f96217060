namespace DistAttention.Cli.Demo.Encoding;

/// <summary>
/// Lets every token of a row see its neighbours: out[t] = Σ λ^|d| · in[t + d], over both sides or the past alone, with one
/// recursive pass per side (linear in the tokens whatever the reach).
/// </summary>
internal static class ContextMixer
{
    /// <summary>Mixes in place.</summary>
    /// <param name="rows">[count, dimensions].</param>
    /// <param name="dimensions">Components of a row.</param>
    /// <param name="decay">λ, from 0 to 1, not included.</param>
    /// <param name="backOnly">Whether tokens see only those before them.</param>
    public static void Mix(Span<float> rows, int dimensions, float decay, bool backOnly)
    {
        float[]? original = backOnly ? null : rows.ToArray();
        for (int at = dimensions; at < rows.Length; at++)
        {
            rows[at] += decay * rows[at - dimensions];
        }

        if (original is not null)
        {
            Span<float> after = stackalloc float[dimensions]; // Σ over d > 0 of λ^d · in[t + d]
            after.Clear();
            for (int row = rows.Length - dimensions; row >= 0; row -= dimensions)
            {
                for (int i = 0; i < dimensions; i++)
                {
                    rows[row + i] += after[i];
                    after[i] = decay * (after[i] + original[row + i]);
                }
            }
        }
    }

    /// <summary>The λ that falls to 1/e within <paramref name="reach"/> tokens, nearly: 1 − 1/(reach + ½) needs no exponential.</summary>
    public static float Decay(float reach) => reach > 0 ? 1 - (1 / (reach + 0.5f)) : 0;

    /// <summary>The squared length that mixing gives to rows of random directions whose squared length is 1 on average.</summary>
    public static double MeanSquareGain(float decay, bool backOnly)
    {
        double square = (double)decay * decay;
        return backOnly ? 1 / (1 - square) : (1 + square) / (1 - square);
    }
}
