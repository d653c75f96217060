using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace DistAttention.Kernels;

/// <summary>Merging partials over neighbouring positions, and turning the last one into the answer.</summary>
/// <remarks>
/// With m = max(m₁, m₂) and aᵢ = 2^(mᵢ − m), one of which is exactly 1: l = fma(l₂, a₂, l₁·a₁), o = fma(o₂, a₂, o₁·a₁).
/// A side with m = −∞ is the identity: the other side is taken bit for bit. (FlashAttention-2, Dao 2023, section 3.1,
/// in the unnormalised form.)
/// </remarks>
public static unsafe class PartialMerge
{
    /// <summary>left = left ⊕ right, row by row and head by head.</summary>
    /// <param name="left">The partial of the lower positions; receives the result.</param>
    /// <param name="right">The partial of the higher positions, of the same shape.</param>
    public static void Merge(PartialSpan left, PartialSpan right)
    {
        left.RequireSameShape(right);
        switch (LaneWidth.Preferred)
        {
            case 512:
                Merge<Lanes512, Vector512<float>>(left, right);
                break;
            case 256:
                Merge<Lanes256, Vector256<float>>(left, right);
                break;
            default:
                Merge<Lanes128, Vector128<float>>(left, right);
                break;
        }
    }

    /// <summary>Divides by the sums: o and the natural lse. Rows that saw nothing give 0 and −∞; no −0 leaves.</summary>
    /// <param name="root">The partial over all positions.</param>
    /// <param name="o">[rows, numHeadsQ, headDimV].</param>
    /// <param name="lse">[rows, numHeadsQ]; may be empty when it is not wanted.</param>
    /// <exception cref="NumericOverflowException">An output is not finite; names the row within the partial.</exception>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Finish(PartialSpan root, Span<float> o, Span<float> lse)
    {
        int headDimV = root.HeadDimV;
        for (int i = 0; i < root.Sum.Length; i++)
        {
            Span<float> row = o.Slice(i * headDimV, headDimV);
            float max = root.MaxLog2[i];
            float sum = root.Sum[i];
            if (max == float.NegativeInfinity)
            {
                row.Clear();
            }
            else if (!float.IsFinite(sum) || !Divide(root.Output.Slice(i * headDimV, headDimV), sum, row))
            {
                throw new NumericOverflowException(i / root.NumHeadsQ, i % root.NumHeadsQ, "The output");
            }

            if (!lse.IsEmpty)
            {
                lse[i] = max == float.NegativeInfinity ? max : (float)((max + Log2.Of(sum)) * Log2.Ln2) + 0f;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Merge<TLanes, TVec>(PartialSpan left, PartialSpan right)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
    {
        int headDimV = left.HeadDimV;
        fixed (float* leftOutput = left.Output, rightOutput = right.Output)
        {
            for (int i = 0; i < left.Sum.Length; i++)
            {
                float m1 = left.MaxLog2[i];
                float m2 = right.MaxLog2[i];
                if (m2 == float.NegativeInfinity)
                {
                    continue;
                }

                float* o1 = leftOutput + ((nint)i * headDimV);
                float* o2 = rightOutput + ((nint)i * headDimV);
                if (m1 == float.NegativeInfinity)
                {
                    left.MaxLog2[i] = m2;
                    left.Sum[i] = right.Sum[i];
                    new ReadOnlySpan<float>(o2, headDimV).CopyTo(new Span<float>(o1, headDimV));
                    continue;
                }

                float m = m1 > m2 ? m1 : m2;
                float a1 = Exp2.OfNonPositive<Lanes128, Vector128<float>>(Vector128.Create(m1 - m)).ToScalar();
                float a2 = Exp2.OfNonPositive<Lanes128, Vector128<float>>(Vector128.Create(m2 - m)).ToScalar();
                left.MaxLog2[i] = m;
                left.Sum[i] = MathF.FusedMultiplyAdd(right.Sum[i], a2, left.Sum[i] * a1);
                MergeRow<TLanes, TVec>(o1, a1, o2, a2, headDimV);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MergeRow<TLanes, TVec>(float* o1, float a1, float* o2, float a2, int headDimV)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
    {
        TVec factor1 = TLanes.Broadcast(a1);
        TVec factor2 = TLanes.Broadcast(a2);
        int c = 0;
        for (; c <= headDimV - TLanes.Count; c += TLanes.Count)
        {
            TLanes.Store(o1 + c, TLanes.Fma(TLanes.Load(o2 + c), factor2, TLanes.Multiply(TLanes.Load(o1 + c), factor1)));
        }

        for (; c < headDimV; c++)
        {
            o1[c] = MathF.FusedMultiplyAdd(o2[c], a2, o1[c] * a1);
        }
    }

    /// <summary>destination = source / sum + 0; false when an element is not finite.</summary>
    private static bool Divide(ReadOnlySpan<float> source, float sum, Span<float> destination)
    {
        int c = 0;
        Vector128<float> divisor = Vector128.Create(sum);
        Vector128<float> bad = Vector128<float>.Zero;
        for (; c <= source.Length - Vector128<float>.Count; c += Vector128<float>.Count)
        {
            Vector128<float> value = (Vector128.Create(source[c..]) / divisor) + Vector128<float>.Zero;
            bad |= Lanes128.NotFinite(value);
            value.CopyTo(destination[c..]);
        }

        bool finite = !Lanes128.Any(bad);
        for (; c < source.Length; c++)
        {
            destination[c] = (source[c] / sum) + 0f;
            finite &= float.IsFinite(destination[c]);
        }

        return finite;
    }
}
