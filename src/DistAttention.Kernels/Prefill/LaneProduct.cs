using System.Runtime.CompilerServices;

namespace DistAttention.Kernels;

/// <summary>
/// The one matrix product of prefill, used for scores (a: a panel of keys, b: the transposed queries) and for output
/// (a: the values, b: the weights): picks the register tile.
/// </summary>
internal static unsafe class LaneProduct
{
    /// <summary>c[i][lane] = chain over depth, ascending, of fma(a[depth][i], b[depth][lane], ·) from +0 or from c · factors.</summary>
    /// <param name="a">[depth][aStride], of which the leading columns are used.</param>
    /// <param name="aStride">Floats from one row of a to the next.</param>
    /// <param name="columns">Columns of a to do, a multiple of 8.</param>
    /// <param name="b">[depth][lanes].</param>
    /// <param name="vectors">Vectors of lanes, 1 to <see cref="MaxVectors{TLanes, TVec}"/>.</param>
    /// <param name="depth">Steps of each chain.</param>
    /// <param name="c">[columns][lanes].</param>
    /// <param name="factors">[lanes], or null to start from +0.</param>
    /// <param name="ahead">What to fetch meanwhile.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<TLanes, TVec>(float* a, nint aStride, int columns, float* b, int vectors, int depth, float* c, float* factors, ref Ahead ahead)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
    {
        nint lanes = vectors * TLanes.Count;
        if (TLanes.ManyRegisters)
        {
            for (int i = 0; i < columns; i += 8, a += 8, c += 8 * lanes)
            {
                byte* fetch = ahead.Take(depth);
                if (vectors == 2)
                {
                    RegisterTile8.Tile8x2<TLanes, TVec>(a, aStride, b, depth, c, factors, fetch, ahead.Step);
                }
                else
                {
                    RegisterTile8.Tile8x1<TLanes, TVec>(a, aStride, b, depth, c, factors, fetch, ahead.Step);
                }
            }

            return;
        }

        for (int i = 0; i < columns; i += 4, a += 4, c += 4 * lanes)
        {
            byte* fetch = ahead.Take(depth);
            switch (vectors)
            {
                case 3:
                    RegisterTile4.Tile4x3<TLanes, TVec>(a, aStride, b, depth, c, factors, fetch, ahead.Step);
                    break;
                case 2:
                    RegisterTile4.Tile4x2<TLanes, TVec>(a, aStride, b, depth, c, factors, fetch, ahead.Step);
                    break;
                default:
                    RegisterTile4.Tile4x1<TLanes, TVec>(a, aStride, b, depth, c, factors, fetch, ahead.Step);
                    break;
            }
        }
    }

    /// <summary>Steps of the inner loop in one run.</summary>
    public static long Steps<TLanes, TVec>(int columns, int depth)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct => (long)columns / (TLanes.ManyRegisters ? 8 : 4) * depth;

    /// <summary>
    /// Vectors of lanes in a group. With 32 registers, two: three make fewer loads, but then the weights of a group fill
    /// the whole first-level cache, which costs more.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int MaxVectors<TLanes, TVec>()
        where TLanes : struct, ILanes<TVec>
        where TVec : struct => TLanes.ManyRegisters ? 2 : 3;
}
