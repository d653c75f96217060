using System.Runtime.CompilerServices;

namespace DistAttention.Kernels;

/// <summary>
/// The one matrix product of prefill, used for scores (a: a panel of keys, b: the transposed queries) and for output
/// (a: the values, b: the weights): picks the register tile.
/// </summary>
internal static unsafe class LaneProduct
{
    /// <summary>Lanes of one group at most: three vectors.</summary>
    public const int MaxVectors = 3;

    /// <summary>c[i][lane] = chain over depth, ascending, of fma(a[depth][i], b[depth][lane], ·) from +0 or from c · factors.</summary>
    /// <param name="a">[depth][aStride]; rows must be readable up to a multiple of 8 columns.</param>
    /// <param name="aStride">Floats from one row of a to the next.</param>
    /// <param name="columns">Columns of a to do; rounded up to a multiple of 8.</param>
    /// <param name="b">[depth][lanes].</param>
    /// <param name="vectors">Vectors of lanes, 1 to 3.</param>
    /// <param name="depth">Steps of each chain.</param>
    /// <param name="c">[columns][lanes].</param>
    /// <param name="factors">[lanes], or null to start from +0.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<TLanes, TVec>(float* a, nint aStride, int columns, float* b, int vectors, int depth, float* c, float* factors)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
    {
        nint lanes = vectors * TLanes.Count;
        if (TLanes.ManyRegisters)
        {
            for (int i = 0; i < columns; i += 8, a += 8, c += 8 * lanes)
            {
                switch (vectors)
                {
                    case 3:
                        RegisterTile8.Tile8x3<TLanes, TVec>(a, aStride, b, depth, c, factors);
                        break;
                    case 2:
                        RegisterTile8.Tile8x2<TLanes, TVec>(a, aStride, b, depth, c, factors);
                        break;
                    default:
                        RegisterTile8.Tile8x1<TLanes, TVec>(a, aStride, b, depth, c, factors);
                        break;
                }
            }

            return;
        }

        for (int i = 0; i < columns; i += 4, a += 4, c += 4 * lanes)
        {
            switch (vectors)
            {
                case 3:
                    RegisterTile4.Tile4x3<TLanes, TVec>(a, aStride, b, depth, c, factors);
                    break;
                case 2:
                    RegisterTile4.Tile4x2<TLanes, TVec>(a, aStride, b, depth, c, factors);
                    break;
                default:
                    RegisterTile4.Tile4x1<TLanes, TVec>(a, aStride, b, depth, c, factors);
                    break;
            }
        }
    }
}
