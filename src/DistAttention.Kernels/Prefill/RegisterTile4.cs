using System.Runtime.CompilerServices;

namespace DistAttention.Kernels;

/// <summary>
/// The inner loop of prefill, for 16 vector registers: c[i][lane] = chain over depth of
/// fma(a[depth][i], b[depth][lane], ·), for 4 rows i and one to three vectors of lanes, all accumulators in registers. Chains start
/// at +0, or at c · factors. The accumulators are named locals because an array or struct of them would live in memory.
/// </summary>
/// <remarks>Meanwhile memory is fetched, if wanted. a: [depth][aStride], 4 of a row used, each broadcast. b: [depth][lanes]. c: [4][lanes]. factors: [lanes] or null.</remarks>
internal static unsafe class RegisterTile4
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Tile4x3<TLanes, TVec>(float* a, nint aStride, float* b, int depth, float* c, float* factors, byte* fetch, nint fetchStep)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
    {
        int lanes = 3 * TLanes.Count;
        TVec c0x = TLanes.Zero, c0y = TLanes.Zero, c0z = TLanes.Zero;
        TVec c1x = TLanes.Zero, c1y = TLanes.Zero, c1z = TLanes.Zero;
        TVec c2x = TLanes.Zero, c2y = TLanes.Zero, c2z = TLanes.Zero;
        TVec c3x = TLanes.Zero, c3y = TLanes.Zero, c3z = TLanes.Zero;
        if (factors != null)
        {
            TVec fx = TLanes.Load(factors);
            TVec fy = TLanes.Load(factors + TLanes.Count);
            TVec fz = TLanes.Load(factors + (2 * TLanes.Count));
            float* row = c;
            c0x = TLanes.Multiply(TLanes.Load(row), fx);
            c0y = TLanes.Multiply(TLanes.Load(row + TLanes.Count), fy);
            c0z = TLanes.Multiply(TLanes.Load(row + (2 * TLanes.Count)), fz);
            row += lanes;
            c1x = TLanes.Multiply(TLanes.Load(row), fx);
            c1y = TLanes.Multiply(TLanes.Load(row + TLanes.Count), fy);
            c1z = TLanes.Multiply(TLanes.Load(row + (2 * TLanes.Count)), fz);
            row += lanes;
            c2x = TLanes.Multiply(TLanes.Load(row), fx);
            c2y = TLanes.Multiply(TLanes.Load(row + TLanes.Count), fy);
            c2z = TLanes.Multiply(TLanes.Load(row + (2 * TLanes.Count)), fz);
            row += lanes;
            c3x = TLanes.Multiply(TLanes.Load(row), fx);
            c3y = TLanes.Multiply(TLanes.Load(row + TLanes.Count), fy);
            c3z = TLanes.Multiply(TLanes.Load(row + (2 * TLanes.Count)), fz);
        }

        for (; depth > 0; depth--)
        {
            Ahead.Fetch(fetch);
            fetch += fetchStep;

            TVec bx = TLanes.Load(b);
            TVec by = TLanes.Load(b + TLanes.Count);
            TVec bz = TLanes.Load(b + (2 * TLanes.Count));
            TVec e = TLanes.Broadcast(a[0]);
            c0x = TLanes.Fma(e, bx, c0x);
            c0y = TLanes.Fma(e, by, c0y);
            c0z = TLanes.Fma(e, bz, c0z);
            e = TLanes.Broadcast(a[1]);
            c1x = TLanes.Fma(e, bx, c1x);
            c1y = TLanes.Fma(e, by, c1y);
            c1z = TLanes.Fma(e, bz, c1z);
            e = TLanes.Broadcast(a[2]);
            c2x = TLanes.Fma(e, bx, c2x);
            c2y = TLanes.Fma(e, by, c2y);
            c2z = TLanes.Fma(e, bz, c2z);
            e = TLanes.Broadcast(a[3]);
            c3x = TLanes.Fma(e, bx, c3x);
            c3y = TLanes.Fma(e, by, c3y);
            c3z = TLanes.Fma(e, bz, c3z);
            a += aStride;
            b += lanes;
        }

        TLanes.Store(c, c0x);
        TLanes.Store(c + TLanes.Count, c0y);
        TLanes.Store(c + (2 * TLanes.Count), c0z);
        c += lanes;
        TLanes.Store(c, c1x);
        TLanes.Store(c + TLanes.Count, c1y);
        TLanes.Store(c + (2 * TLanes.Count), c1z);
        c += lanes;
        TLanes.Store(c, c2x);
        TLanes.Store(c + TLanes.Count, c2y);
        TLanes.Store(c + (2 * TLanes.Count), c2z);
        c += lanes;
        TLanes.Store(c, c3x);
        TLanes.Store(c + TLanes.Count, c3y);
        TLanes.Store(c + (2 * TLanes.Count), c3z);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Tile4x2<TLanes, TVec>(float* a, nint aStride, float* b, int depth, float* c, float* factors, byte* fetch, nint fetchStep)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
    {
        int lanes = 2 * TLanes.Count;
        TVec c0x = TLanes.Zero, c0y = TLanes.Zero;
        TVec c1x = TLanes.Zero, c1y = TLanes.Zero;
        TVec c2x = TLanes.Zero, c2y = TLanes.Zero;
        TVec c3x = TLanes.Zero, c3y = TLanes.Zero;
        if (factors != null)
        {
            TVec fx = TLanes.Load(factors);
            TVec fy = TLanes.Load(factors + TLanes.Count);
            float* row = c;
            c0x = TLanes.Multiply(TLanes.Load(row), fx);
            c0y = TLanes.Multiply(TLanes.Load(row + TLanes.Count), fy);
            row += lanes;
            c1x = TLanes.Multiply(TLanes.Load(row), fx);
            c1y = TLanes.Multiply(TLanes.Load(row + TLanes.Count), fy);
            row += lanes;
            c2x = TLanes.Multiply(TLanes.Load(row), fx);
            c2y = TLanes.Multiply(TLanes.Load(row + TLanes.Count), fy);
            row += lanes;
            c3x = TLanes.Multiply(TLanes.Load(row), fx);
            c3y = TLanes.Multiply(TLanes.Load(row + TLanes.Count), fy);
        }

        for (; depth > 0; depth--)
        {
            Ahead.Fetch(fetch);
            fetch += fetchStep;

            TVec bx = TLanes.Load(b);
            TVec by = TLanes.Load(b + TLanes.Count);
            TVec e = TLanes.Broadcast(a[0]);
            c0x = TLanes.Fma(e, bx, c0x);
            c0y = TLanes.Fma(e, by, c0y);
            e = TLanes.Broadcast(a[1]);
            c1x = TLanes.Fma(e, bx, c1x);
            c1y = TLanes.Fma(e, by, c1y);
            e = TLanes.Broadcast(a[2]);
            c2x = TLanes.Fma(e, bx, c2x);
            c2y = TLanes.Fma(e, by, c2y);
            e = TLanes.Broadcast(a[3]);
            c3x = TLanes.Fma(e, bx, c3x);
            c3y = TLanes.Fma(e, by, c3y);
            a += aStride;
            b += lanes;
        }

        TLanes.Store(c, c0x);
        TLanes.Store(c + TLanes.Count, c0y);
        c += lanes;
        TLanes.Store(c, c1x);
        TLanes.Store(c + TLanes.Count, c1y);
        c += lanes;
        TLanes.Store(c, c2x);
        TLanes.Store(c + TLanes.Count, c2y);
        c += lanes;
        TLanes.Store(c, c3x);
        TLanes.Store(c + TLanes.Count, c3y);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Tile4x1<TLanes, TVec>(float* a, nint aStride, float* b, int depth, float* c, float* factors, byte* fetch, nint fetchStep)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
    {
        int lanes = TLanes.Count;
        TVec c0x = TLanes.Zero;
        TVec c1x = TLanes.Zero;
        TVec c2x = TLanes.Zero;
        TVec c3x = TLanes.Zero;
        if (factors != null)
        {
            TVec fx = TLanes.Load(factors);
            float* row = c;
            c0x = TLanes.Multiply(TLanes.Load(row), fx);
            row += lanes;
            c1x = TLanes.Multiply(TLanes.Load(row), fx);
            row += lanes;
            c2x = TLanes.Multiply(TLanes.Load(row), fx);
            row += lanes;
            c3x = TLanes.Multiply(TLanes.Load(row), fx);
        }

        for (; depth > 0; depth--)
        {
            Ahead.Fetch(fetch);
            fetch += fetchStep;

            TVec bx = TLanes.Load(b);
            TVec e = TLanes.Broadcast(a[0]);
            c0x = TLanes.Fma(e, bx, c0x);
            e = TLanes.Broadcast(a[1]);
            c1x = TLanes.Fma(e, bx, c1x);
            e = TLanes.Broadcast(a[2]);
            c2x = TLanes.Fma(e, bx, c2x);
            e = TLanes.Broadcast(a[3]);
            c3x = TLanes.Fma(e, bx, c3x);
            a += aStride;
            b += lanes;
        }

        TLanes.Store(c, c0x);
        c += lanes;
        TLanes.Store(c, c1x);
        c += lanes;
        TLanes.Store(c, c2x);
        c += lanes;
        TLanes.Store(c, c3x);
    }
}
