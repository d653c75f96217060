using System.Runtime.CompilerServices;

namespace DistAttention.Kernels;

/// <summary>
/// The inner loop of prefill, for 32 vector registers: c[i][lane] = chain over depth of
/// fma(a[depth][i], b[depth][lane], ·), for 8 rows i and one or two vectors of lanes, all accumulators in registers. Chains start
/// at +0, or at c · factors. The accumulators are named locals because an array or struct of them would live in memory.
/// </summary>
/// <remarks>Meanwhile memory is fetched, if wanted. a: [depth][aStride], 8 of a row used, each broadcast. b: [depth][lanes]. c: [8][lanes]. factors: [lanes] or null.</remarks>
internal static unsafe class RegisterTile8
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Tile8x2<TLanes, TVec>(float* a, nint aStride, float* b, int depth, float* c, float* factors, byte* fetch, nint fetchStep)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
    {
        int lanes = 2 * TLanes.Count;
        TVec c0x = TLanes.Zero, c0y = TLanes.Zero;
        TVec c1x = TLanes.Zero, c1y = TLanes.Zero;
        TVec c2x = TLanes.Zero, c2y = TLanes.Zero;
        TVec c3x = TLanes.Zero, c3y = TLanes.Zero;
        TVec c4x = TLanes.Zero, c4y = TLanes.Zero;
        TVec c5x = TLanes.Zero, c5y = TLanes.Zero;
        TVec c6x = TLanes.Zero, c6y = TLanes.Zero;
        TVec c7x = TLanes.Zero, c7y = TLanes.Zero;
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
            row += lanes;
            c4x = TLanes.Multiply(TLanes.Load(row), fx);
            c4y = TLanes.Multiply(TLanes.Load(row + TLanes.Count), fy);
            row += lanes;
            c5x = TLanes.Multiply(TLanes.Load(row), fx);
            c5y = TLanes.Multiply(TLanes.Load(row + TLanes.Count), fy);
            row += lanes;
            c6x = TLanes.Multiply(TLanes.Load(row), fx);
            c6y = TLanes.Multiply(TLanes.Load(row + TLanes.Count), fy);
            row += lanes;
            c7x = TLanes.Multiply(TLanes.Load(row), fx);
            c7y = TLanes.Multiply(TLanes.Load(row + TLanes.Count), fy);
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
            e = TLanes.Broadcast(a[4]);
            c4x = TLanes.Fma(e, bx, c4x);
            c4y = TLanes.Fma(e, by, c4y);
            e = TLanes.Broadcast(a[5]);
            c5x = TLanes.Fma(e, bx, c5x);
            c5y = TLanes.Fma(e, by, c5y);
            e = TLanes.Broadcast(a[6]);
            c6x = TLanes.Fma(e, bx, c6x);
            c6y = TLanes.Fma(e, by, c6y);
            e = TLanes.Broadcast(a[7]);
            c7x = TLanes.Fma(e, bx, c7x);
            c7y = TLanes.Fma(e, by, c7y);
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
        c += lanes;
        TLanes.Store(c, c4x);
        TLanes.Store(c + TLanes.Count, c4y);
        c += lanes;
        TLanes.Store(c, c5x);
        TLanes.Store(c + TLanes.Count, c5y);
        c += lanes;
        TLanes.Store(c, c6x);
        TLanes.Store(c + TLanes.Count, c6y);
        c += lanes;
        TLanes.Store(c, c7x);
        TLanes.Store(c + TLanes.Count, c7y);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Tile8x1<TLanes, TVec>(float* a, nint aStride, float* b, int depth, float* c, float* factors, byte* fetch, nint fetchStep)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
    {
        int lanes = TLanes.Count;
        TVec c0x = TLanes.Zero;
        TVec c1x = TLanes.Zero;
        TVec c2x = TLanes.Zero;
        TVec c3x = TLanes.Zero;
        TVec c4x = TLanes.Zero;
        TVec c5x = TLanes.Zero;
        TVec c6x = TLanes.Zero;
        TVec c7x = TLanes.Zero;
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
            row += lanes;
            c4x = TLanes.Multiply(TLanes.Load(row), fx);
            row += lanes;
            c5x = TLanes.Multiply(TLanes.Load(row), fx);
            row += lanes;
            c6x = TLanes.Multiply(TLanes.Load(row), fx);
            row += lanes;
            c7x = TLanes.Multiply(TLanes.Load(row), fx);
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
            e = TLanes.Broadcast(a[4]);
            c4x = TLanes.Fma(e, bx, c4x);
            e = TLanes.Broadcast(a[5]);
            c5x = TLanes.Fma(e, bx, c5x);
            e = TLanes.Broadcast(a[6]);
            c6x = TLanes.Fma(e, bx, c6x);
            e = TLanes.Broadcast(a[7]);
            c7x = TLanes.Fma(e, bx, c7x);
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
        c += lanes;
        TLanes.Store(c, c4x);
        c += lanes;
        TLanes.Store(c, c5x);
        c += lanes;
        TLanes.Store(c, c6x);
        c += lanes;
        TLanes.Store(c, c7x);
    }
}
