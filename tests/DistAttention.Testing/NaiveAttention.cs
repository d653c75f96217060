namespace DistAttention.Testing;

/// <summary>
/// Attention as a plain float32 program: three loops and MathF. Its error against <see cref="ReferenceAttention"/> says what
/// float32 can be expected to do on an input, and so how much error a kernel may have there.
/// </summary>
public static class NaiveAttention
{
    /// <summary>The answer of one row and head: writes o, returns lse.</summary>
    /// <param name="query">[HeadDim].</param>
    /// <param name="k">[positions, numHeadsKv, HeadDim].</param>
    /// <param name="v">[positions, numHeadsKv, HeadDimV].</param>
    /// <param name="headKv">The K/V head.</param>
    /// <param name="numHeadsKv">K/V heads.</param>
    /// <param name="smScale">The natural scale.</param>
    /// <param name="visible">Which positions the row sees.</param>
    /// <param name="output">[HeadDimV].</param>
    public static float Row(ReadOnlySpan<float> query, float[] k, float[] v, int headKv, int numHeadsKv, float smScale, Func<long, bool> visible, Span<float> output)
    {
        int headDim = query.Length;
        int headDimV = output.Length;
        float[] scores = new float[k.Length / (numHeadsKv * headDim)];
        float max = float.NegativeInfinity;
        for (int kvPos = 0; kvPos < scores.Length; kvPos++)
        {
            float dot = 0;
            for (int d = 0; d < headDim; d++)
            {
                dot += query[d] * k[(((kvPos * numHeadsKv) + headKv) * headDim) + d];
            }

            scores[kvPos] = visible(kvPos) ? dot * smScale : float.NegativeInfinity;
            max = MathF.Max(max, scores[kvPos]);
        }

        output.Clear();
        if (max == float.NegativeInfinity)
        {
            return max;
        }

        float sum = 0;
        for (int kvPos = 0; kvPos < scores.Length; kvPos++)
        {
            float weight = MathF.Exp(scores[kvPos] - max);
            sum += weight;
            for (int c = 0; c < headDimV; c++)
            {
                output[c] += weight * v[(((kvPos * numHeadsKv) + headKv) * headDimV) + c];
            }
        }

        for (int c = 0; c < headDimV; c++)
        {
            output[c] /= sum;
        }

        return max + MathF.Log(sum);
    }
}
