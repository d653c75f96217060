using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace DistAttention.Kernels;

/// <summary>Moves floats between row-major and [column][row] order: sixteen by sixteen in 512-bit registers, else four by four.</summary>
internal static unsafe class LaneTranspose
{
    /// <summary>destination[c · destinationStride + r] = source[r · sourceStride + c].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(float* source, nint sourceStride, float* destination, nint destinationStride, int rows, int columns)
    {
        int r = 0;
        if (Avx512F.IsSupported)
        {
            for (; r <= rows - 16; r += 16)
            {
                int c = 0;
                for (; c <= columns - 16; c += 16)
                {
                    SixteenBySixteen<Placed>(source + (r * sourceStride) + c, sourceStride, destination + (c * destinationStride) + r, destinationStride);
                }

                if (c < columns)
                {
                    ByFours(source + (r * sourceStride) + c, sourceStride, destination + (c * destinationStride) + r, destinationStride, 16, columns - c);
                }
            }
        }

        ByFours(source + (r * sourceStride), sourceStride, destination + r, destinationStride, rows - r, columns);
    }

    /// <summary>A transposed line of sixteen floats on its way to memory.</summary>
    internal interface ILinePlace
    {
        static abstract void Put(Vector512<float> line, float* to);
    }

    /// <summary>Sixteen rows of sixteen floats, transposed, with 512-bit registers.</summary>
    /// <typeparam name="TPlace">How lines are stored.</typeparam>
    /// <param name="from">The first row.</param>
    /// <param name="fromStride">Floats to the next row.</param>
    /// <param name="to">The first line.</param>
    /// <param name="toStride">Floats to the next line.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void SixteenBySixteen<TPlace>(float* from, nint fromStride, float* to, nint toStride)
        where TPlace : struct, ILinePlace
    {
        // Pairs, then fours within each quarter of a register, then quarters: 64 shuffles for 256 floats.
        // [4 rows] → [4 columns of each quarter]: quarter q of the i-th result holds column 4q + i of the four rows.
        Fours(from + (0 * fromStride), fromStride, out Vector512<float> a0, out Vector512<float> a1, out Vector512<float> a2, out Vector512<float> a3);
        Fours(from + (4 * fromStride), fromStride, out Vector512<float> b0, out Vector512<float> b1, out Vector512<float> b2, out Vector512<float> b3);
        Fours(from + (8 * fromStride), fromStride, out Vector512<float> c0, out Vector512<float> c1, out Vector512<float> c2, out Vector512<float> c3);
        Fours(from + (12 * fromStride), fromStride, out Vector512<float> d0, out Vector512<float> d1, out Vector512<float> d2, out Vector512<float> d3);
        Quarters<TPlace>(a0, b0, c0, d0, to + (0 * toStride), 4 * toStride);
        Quarters<TPlace>(a1, b1, c1, d1, to + (1 * toStride), 4 * toStride);
        Quarters<TPlace>(a2, b2, c2, d2, to + (2 * toStride), 4 * toStride);
        Quarters<TPlace>(a3, b3, c3, d3, to + (3 * toStride), 4 * toStride);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ByFours(float* source, nint sourceStride, float* destination, nint destinationStride, int rows, int columns)
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
    private static void Fours(float* from, nint stride, out Vector512<float> r0, out Vector512<float> r1, out Vector512<float> r2, out Vector512<float> r3)
    {
        Vector512<float> a = Vector512.Load(from);
        Vector512<float> b = Vector512.Load(from + stride);
        Vector512<float> c = Vector512.Load(from + (2 * stride));
        Vector512<float> d = Vector512.Load(from + (3 * stride));
        Vector512<double> ab0 = Avx512F.UnpackLow(a, b).AsDouble(); // a0 b0 a1 b1 of every quarter
        Vector512<double> ab2 = Avx512F.UnpackHigh(a, b).AsDouble();
        Vector512<double> cd0 = Avx512F.UnpackLow(c, d).AsDouble();
        Vector512<double> cd2 = Avx512F.UnpackHigh(c, d).AsDouble();
        r0 = Avx512F.UnpackLow(ab0, cd0).AsSingle();
        r1 = Avx512F.UnpackHigh(ab0, cd0).AsSingle();
        r2 = Avx512F.UnpackLow(ab2, cd2).AsSingle();
        r3 = Avx512F.UnpackHigh(ab2, cd2).AsSingle();
    }

    /// <summary>Transposes the quarters of four registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Quarters<TPlace>(Vector512<float> a, Vector512<float> b, Vector512<float> c, Vector512<float> d, float* to, nint stride)
        where TPlace : struct, ILinePlace
    {
        const byte Even = 0b10_00_10_00;
        const byte Odd = 0b11_01_11_01;
        Vector512<float> ab02 = Avx512F.Shuffle4x128(a, b, Even); // a0 a2 b0 b2
        Vector512<float> ab13 = Avx512F.Shuffle4x128(a, b, Odd);
        Vector512<float> cd02 = Avx512F.Shuffle4x128(c, d, Even);
        Vector512<float> cd13 = Avx512F.Shuffle4x128(c, d, Odd);
        TPlace.Put(Avx512F.Shuffle4x128(ab02, cd02, Even), to);
        TPlace.Put(Avx512F.Shuffle4x128(ab13, cd13, Even), to + stride);
        TPlace.Put(Avx512F.Shuffle4x128(ab02, cd02, Odd), to + (2 * stride));
        TPlace.Put(Avx512F.Shuffle4x128(ab13, cd13, Odd), to + (3 * stride));
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

    /// <summary>Stored as usual.</summary>
    internal readonly struct Placed : ILinePlace
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Put(Vector512<float> line, float* to) => line.Store(to);
    }
}
