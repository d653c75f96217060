using System.Numerics;

namespace DistAttention.Cli.Checking;

/// <summary>
/// Scores, projections and rotations exactly as their definitions read, in any precision: double is what answers are held
/// against, float what a plain float32 program makes of them. Shares nothing with the kernels.
/// </summary>
/// <typeparam name="T">double or float.</typeparam>
/// <param name="spec">The sequence.</param>
/// <param name="score">The score.</param>
internal sealed class TextbookScore<T>(SequenceSpec spec, ScoreFunction score)
    where T : struct, IFloatingPointIeee754<T>
{
    /// <summary>A query as it meets keys: projected, then turned, [StoredHeadDim].</summary>
    public T[] Query(ReadOnlySpan<float> q, int headQ, long position)
    {
        FloatTable? projection = score switch
        {
            MultiplicativeScore multiplicative => multiplicative.Weights,
            AdditiveScore additive => additive.QueryProjection,
            _ => null,
        };
        return Turned(Projected(q, projection, headQ), position);
    }

    /// <summary>A key as it is stored, before rounding to the stored type, [StoredHeadDim].</summary>
    public T[] Key(ReadOnlySpan<float> k, int headKv, long position) => Turned(Projected(k, spec.KeyProjection, headKv), position);

    /// <summary>The natural score, without mask and sink.</summary>
    public T Of(T[] query, ReadOnlySpan<T> key, int headQ, long qPos, long kvPos)
    {
        T sum = T.Zero;
        if (score is AdditiveScore additive)
        {
            ReadOnlySpan<float> v = RowOf(additive.V, headQ);
            for (int d = 0; d < query.Length; d++)
            {
                sum += T.CreateTruncating(v[d]) * T.Tanh(query[d] + key[d]);
            }
        }
        else
        {
            for (int d = 0; d < query.Length; d++)
            {
                sum += query[d] * key[d];
            }

            sum *= score is ScaledDotScore { SmScale: null } ? T.One / T.Sqrt(T.CreateTruncating(spec.HeadDim)) : T.CreateTruncating(score.EffectiveScale(spec.HeadDim));
        }

        if (score.SoftCap is { } cap)
        {
            T c = T.CreateTruncating(cap);
            sum = c * T.Tanh(sum / c);
        }

        long distance = kvPos - qPos;
        if (score.AlibiSlopes is { } slopes)
        {
            sum += T.CreateTruncating(RowOf(slopes, headQ)[0]) * T.CreateTruncating(distance);
        }

        if (score.RelativeBias is { } bias)
        {
            sum += T.CreateTruncating(RowOf(bias.Table, headQ)[bias.Radius + (int)Math.Clamp(distance, -bias.Radius, bias.Radius)]);
        }

        return sum;
    }

    /// <summary>The head's sink; null without.</summary>
    public T? Sink(int headQ) => score.SinkLogits is { } sinks ? T.CreateTruncating(RowOf(sinks, headQ)[0]) : null;

    /// <summary>The part of a table that belongs to a head: all of it where it has one for all.</summary>
    private static ReadOnlySpan<float> RowOf(FloatTable table, int head)
    {
        int length = table.Values.Length / table.Shape[0];
        return table.Values.Slice(table.Shape[0] == 1 ? 0 : head * length, length);
    }

    private static T[] Projected(ReadOnlySpan<float> row, FloatTable? projection, int head)
    {
        T[] given = new T[row.Length];
        for (int i = 0; i < given.Length; i++)
        {
            given[i] = T.CreateTruncating(row[i]);
        }

        if (projection is null)
        {
            return given;
        }

        ReadOnlySpan<float> matrix = RowOf(projection, head);
        T[] result = new T[projection.Shape[2]];
        for (int c = 0; c < result.Length; c++)
        {
            for (int r = 0; r < given.Length; r++)
            {
                result[c] += given[r] * T.CreateTruncating(matrix[(r * result.Length) + c]);
            }
        }

        return result;
    }

    private T[] Turned(T[] row, long position)
    {
        if (spec.Rope is not { } rope)
        {
            return row;
        }

        int pairs = rope.Dims / 2;
        for (int i = 0; i < pairs; i++)
        {
            // The angle in float64 whatever the precision: it may be millions of radians.
            double angle = position * rope.InverseFrequencies[i];
            T cos = T.CreateTruncating(Math.Cos(angle) * rope.AttentionFactor);
            T sin = T.CreateTruncating(Math.Sin(angle) * rope.AttentionFactor);
            int a = rope.FirstDim + (rope.Layout == RopeLayout.Half ? i : 2 * i);
            int b = rope.Layout == RopeLayout.Half ? a + pairs : a + 1;
            (row[a], row[b]) = ((row[a] * cos) - (row[b] * sin), (row[b] * cos) + (row[a] * sin));
        }

        return row;
    }
}
