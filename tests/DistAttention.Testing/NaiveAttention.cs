using DistAttention.Cli.Checking;

namespace DistAttention.Testing;

/// <summary>
/// Attention as a plain float32 program: three loops and MathF. Its error against <see cref="ReferenceAttention"/> says what
/// float32 can be expected to do on an input, and so how much error a kernel may have there.
/// </summary>
public static class NaiveAttention
{
    /// <summary>The answer of one row and head: writes o, returns lse.</summary>
    /// <param name="spec">The sequence.</param>
    /// <param name="score">The score.</param>
    /// <param name="q">[HeadDim], as callers give it.</param>
    /// <param name="k">[positions, NumHeadsKv, StoredHeadDim], projected and turned.</param>
    /// <param name="v">[positions, NumHeadsKv, HeadDimV].</param>
    /// <param name="head">The query head.</param>
    /// <param name="qPos">Where the row stands.</param>
    /// <param name="visible">Which positions the row sees.</param>
    /// <param name="output">[HeadDimV].</param>
    public static float Row(SequenceSpec spec, ScoreFunction score, ReadOnlySpan<float> q, float[] k, float[] v, int head, long qPos, Func<long, bool> visible, Span<float> output)
    {
        TextbookScore<float> textbook = new(spec, score);
        float[] query = textbook.Query(q, head, qPos);
        int headKv = head / spec.GroupSize;
        int keyDim = spec.StoredHeadDim;
        float[] scores = new float[k.Length / (spec.NumHeadsKv * keyDim)];
        float sink = textbook.Sink(head) ?? float.NegativeInfinity;
        float max = sink;
        for (int kvPos = 0; kvPos < scores.Length; kvPos++)
        {
            ReadOnlySpan<float> key = k.AsSpan(((kvPos * spec.NumHeadsKv) + headKv) * keyDim, keyDim);
            scores[kvPos] = visible(kvPos) ? textbook.Of(query, key, head, qPos, kvPos) : float.NegativeInfinity;
            max = MathF.Max(max, scores[kvPos]);
        }

        output.Clear();
        if (max == float.NegativeInfinity)
        {
            return max;
        }

        float sum = MathF.Exp(sink - max);
        for (int kvPos = 0; kvPos < scores.Length; kvPos++)
        {
            float weight = MathF.Exp(scores[kvPos] - max);
            sum += weight;
            for (int c = 0; c < output.Length; c++)
            {
                output[c] += weight * v[(((kvPos * spec.NumHeadsKv) + headKv) * output.Length) + c];
            }
        }

        for (int c = 0; c < output.Length; c++)
        {
            output[c] /= sum;
        }

        return max + MathF.Log(sum);
    }
}
