using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace DistAttention.Kernels;

/// <summary>Moves floats between row-major and [column][row] order, four by four.</summary>
internal static unsafe class LaneTranspose
{
    /// <summary>destination[c · destinationStride + r] = source[r · sourceStride + c].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(float* source, nint sourceStride, float* destination, nint destinationStride, int rows, int columns)
    {
        int r = 0;
        for (; r <= rows - 4; r += 4)
        {
            float* from = source + (r * sourceStride);
            float* to = destination + r;
            int c = 0;
            for (; c <= columns - 4; c += 4, from += 4, to += 4 * destinationStride)
            {
                FourByFour(from, sourceStride, to, destinationStride);
            }

            for (; c < columns; c++, from++, to += destinationStride)
            {
                to[0] = from[0];
                to[1] = from[sourceStride];
                to[2] = from[2 * sourceStride];
                to[3] = from[3 * sourceStride];
            }
        }

        for (; r < rows; r++)
        {
            float* from = source + (r * sourceStride);
            float* to = destination + r;
            for (int c = 0; c < columns; c++, to += destinationStride)
            {
                *to = from[c];
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FourByFour(float* from, nint fromStride, float* to, nint toStride)
    {
        Vector128<float> a = Vector128.Load(from);
        Vector128<float> b = Vector128.Load(from + fromStride);
        Vector128<float> c = Vector128.Load(from + (2 * fromStride));
        Vector128<float> d = Vector128.Load(from + (3 * fromStride));
        Vector128<double> ab0 = Low(a, b).AsDouble(); // a0 b0 a1 b1
        Vector128<double> ab2 = High(a, b).AsDouble();
        Vector128<double> cd0 = Low(c, d).AsDouble();
        Vector128<double> cd2 = High(c, d).AsDouble();
        Low(ab0, cd0).AsSingle().Store(to);
        High(ab0, cd0).AsSingle().Store(to + toStride);
        Low(ab2, cd2).AsSingle().Store(to + (2 * toStride));
        High(ab2, cd2).AsSingle().Store(to + (3 * toStride));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Low(Vector128<float> a, Vector128<float> b)
    {
        if (Sse.IsSupported)
        {
            return Sse.UnpackLow(a, b);
        }

        return AdvSimd.Arm64.IsSupported
            ? AdvSimd.Arm64.ZipLow(a, b)
            : Vector128.Create(a[0], b[0], a[1], b[1]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> High(Vector128<float> a, Vector128<float> b)
    {
        if (Sse.IsSupported)
        {
            return Sse.UnpackHigh(a, b);
        }

        return AdvSimd.Arm64.IsSupported
            ? AdvSimd.Arm64.ZipHigh(a, b)
            : Vector128.Create(a[2], b[2], a[3], b[3]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<double> Low(Vector128<double> a, Vector128<double> b)
    {
        if (Sse2.IsSupported)
        {
            return Sse2.UnpackLow(a, b);
        }

        return AdvSimd.Arm64.IsSupported
            ? AdvSimd.Arm64.ZipLow(a, b)
            : Vector128.Create(a[0], b[0]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<double> High(Vector128<double> a, Vector128<double> b)
    {
        if (Sse2.IsSupported)
        {
            return Sse2.UnpackHigh(a, b);
        }

        return AdvSimd.Arm64.IsSupported
            ? AdvSimd.Arm64.ZipHigh(a, b)
            : Vector128.Create(a[1], b[1]);
    }
}
