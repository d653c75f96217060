using System.Runtime.Intrinsics;

namespace DistAttention.Kernels;

/// <summary>
/// Sinks: a logit per query head whose weight joins the sum without a value. With m' = max(m, sink), a = 2^(m − m'):
/// l = fma(l, a, 2^(sink − m')), o = o · a. Done once per row, to the root: never to a partial that is still to be merged.
/// </summary>
public static class PartialSink
{
    /// <summary>Adds the sinks. A row that saw nothing then has m = sink, l = 1 and o = 0.</summary>
    /// <param name="root">The partial over all positions; changed in place.</param>
    /// <param name="sinksLog2">[NumHeadsQ], in base 2.</param>
    public static void Add(PartialSpan root, ReadOnlySpan<float> sinksLog2)
    {
        for (int i = 0; i < root.Sum.Length; i++)
        {
            float sink = sinksLog2[i % root.NumHeadsQ];
            float max = root.MaxLog2[i];
            if (max == float.NegativeInfinity)
            {
                root.MaxLog2[i] = sink + 0f;
                root.Sum[i] = 1;
                continue;
            }

            float newMax = max > sink ? max : sink + 0f;
            float factor = Weight(max - newMax);
            root.MaxLog2[i] = newMax;
            root.Sum[i] = MathF.FusedMultiplyAdd(root.Sum[i], factor, Weight(sink - newMax));
            if (factor != 1)
            {
                Span<float> output = root.Output.Slice(i * root.HeadDimV, root.HeadDimV);
                System.Numerics.Tensors.TensorPrimitives.Multiply(output, factor, output);
            }
        }
    }

    private static float Weight(float logarithm) =>
        Exp2.OfNonPositive<Lanes128, Vector128<float>>(Vector128.Create(logarithm)).ToScalar();
}
