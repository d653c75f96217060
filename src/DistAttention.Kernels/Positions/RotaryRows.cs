using System.Numerics;

namespace DistAttention.Kernels;

/// <summary>
/// Turns rows by their positions (see <see cref="RotaryEmbedding"/>). Per row and pair: c and s are the cosine and sine times the
/// attention factor, in double, rounded once to float; then a' = fma(a, c, −fl(b·s)) and b' = fma(b, c, fl(a·s)).
/// </summary>
internal static class RotaryRows
{
    /// <summary>Turns rows in place.</summary>
    /// <param name="rope">How.</param>
    /// <param name="rows">[count, heads, headDim].</param>
    /// <param name="heads">Heads; all of a row are turned alike.</param>
    /// <param name="headDim">Components of a head.</param>
    /// <param name="firstPosition">Position of the first row.</param>
    public static void Turn(RotaryEmbedding rope, Span<float> rows, int heads, int headDim, long firstPosition)
    {
        int pairs = rope.Dims / 2;
        Span<float> cosines = stackalloc float[SequenceFormat.MaxHeadDim / 2];
        Span<float> sines = stackalloc float[SequenceFormat.MaxHeadDim / 2];
        ReadOnlySpan<double> frequencies = rope.InverseFrequencies;
        for (int row = 0; row < rows.Length / (heads * headDim); row++)
        {
            for (int i = 0; i < pairs; i++)
            {
                (double sin, double cos) = SinCos.Of(firstPosition + row, frequencies[i]);
                cosines[i] = (float)(cos * rope.AttentionFactor);
                sines[i] = (float)(sin * rope.AttentionFactor);
            }

            for (int head = 0; head < heads; head++)
            {
                Span<float> turned = rows.Slice((((row * heads) + head) * headDim) + rope.FirstDim, rope.Dims);
                if (rope.Layout == RopeLayout.Half)
                {
                    TurnHalves(turned[..pairs], turned[pairs..], cosines[..pairs], sines[..pairs]);
                }
                else
                {
                    TurnInterleaved(turned, cosines[..pairs], sines[..pairs]);
                }
            }
        }
    }

    private static void TurnHalves(Span<float> a, Span<float> b, ReadOnlySpan<float> cosines, ReadOnlySpan<float> sines)
    {
        int i = 0;
        for (; i <= a.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector<float> x = new(a[i..]);
            Vector<float> y = new(b[i..]);
            Vector<float> cos = new(cosines[i..]);
            Vector<float> sin = new(sines[i..]);
            Vector.FusedMultiplyAdd(x, cos, -(y * sin)).CopyTo(a[i..]);
            Vector.FusedMultiplyAdd(y, cos, x * sin).CopyTo(b[i..]);
        }

        for (; i < a.Length; i++)
        {
            (a[i], b[i]) = Turn(a[i], b[i], cosines[i], sines[i]);
        }
    }

    private static void TurnInterleaved(Span<float> pairs, ReadOnlySpan<float> cosines, ReadOnlySpan<float> sines)
    {
        for (int i = 0; i < cosines.Length; i++)
        {
            (pairs[2 * i], pairs[(2 * i) + 1]) = Turn(pairs[2 * i], pairs[(2 * i) + 1], cosines[i], sines[i]);
        }
    }

    private static (float A, float B) Turn(float a, float b, float cos, float sin) =>
        (MathF.FusedMultiplyAdd(a, cos, -(b * sin)), MathF.FusedMultiplyAdd(b, cos, a * sin));
}
