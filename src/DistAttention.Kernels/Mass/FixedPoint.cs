using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace DistAttention.Kernels;

/// <summary>Weights as whole numbers of 2⁻⁶⁰, so that sums of them are exact and have no order.</summary>
internal static unsafe class FixedPoint
{
    /// <summary>2⁻⁶⁰.</summary>
    public const double Unit = 8.6736173798840355E-19;

    private const double PerOne = 1152921504606846976.0;

    /// <summary>sums[lane] += floor(weight / unit) over some keys, for weights [key][stride] of up to 1; what is below 0 counts as 0.</summary>
    /// <param name="weights">[keys][stride].</param>
    /// <param name="stride">Floats from one key to the next.</param>
    /// <param name="keys">Keys.</param>
    /// <param name="lanes">Lanes, a multiple of 4.</param>
    /// <param name="sums">[lanes].</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add(float* weights, nint stride, int keys, int lanes, long* sums)
    {
        int lane = 0;
        if (Vector512.IsHardwareAccelerated)
        {
            for (; lane <= lanes - 8; lane += 8)
            {
                Vector512<long> sum = Vector512.Load(sums + lane);
                float* weight = weights + lane;
                for (int key = 0; key < keys; key++, weight += stride)
                {
                    (Vector256<double> lower, Vector256<double> upper) = Vector256.Widen(Vector256.Load(weight));
                    Vector512<double> scaled = Vector512.Create(lower, upper) * Vector512.Create(PerOne);
                    sum += Vector512.ConvertToInt64(Vector512.ConditionalSelect(Vector512.LessThan(scaled, Vector512<double>.Zero), Vector512<double>.Zero, scaled));
                }

                sum.Store(sums + lane);
            }
        }

        for (; lane < lanes; lane += 4)
        {
            Vector256<long> sum = Vector256.Load(sums + lane);
            float* weight = weights + lane;
            for (int key = 0; key < keys; key++, weight += stride)
            {
                (Vector128<double> lower, Vector128<double> upper) = Vector128.Widen(Vector128.Load(weight));
                Vector256<double> scaled = Vector256.Create(lower, upper) * Vector256.Create(PerOne);
                sum += Vector256.ConvertToInt64(Vector256.ConditionalSelect(Vector256.LessThan(scaled, Vector256<double>.Zero), Vector256<double>.Zero, scaled));
            }

            sum.Store(sums + lane);
        }
    }
}
