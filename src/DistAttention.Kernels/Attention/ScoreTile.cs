using System.Runtime.CompilerServices;

namespace DistAttention.Kernels;

/// <summary>Raw scores of one tile for one group of lanes, and the check that they did not overflow.</summary>
internal static unsafe class ScoreTile
{
    /// <summary>scores[key][lane] = chain of fma(q[d], k[d], ·) over d, ascending, from +0.</summary>
    /// <param name="queries">[headDim][lanes].</param>
    /// <param name="keys">[panel][headDim][16].</param>
    /// <param name="headDim">Steps of each chain.</param>
    /// <param name="vectors">Vectors of lanes.</param>
    /// <param name="keyCount">Keys wanted; up to the next multiple of 8 are computed.</param>
    /// <param name="scores">[256][lanes].</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Compute<TLanes, TVec>(float* queries, float* keys, int headDim, int vectors, int keyCount, float* scores)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
    {
        nint lanes = vectors * TLanes.Count;
        for (int key = 0; key < keyCount; key += KvLayout.PanelLength)
        {
            int columns = keyCount - key > KvLayout.PanelLength / 2 ? KvLayout.PanelLength : KvLayout.PanelLength / 2;
            LaneProduct.Run<TLanes, TVec>(keys + ((nint)key * headDim), KvLayout.PanelLength, columns, queries, vectors, headDim, scores + (key * lanes), null);
        }
    }

    /// <summary>Whether no score of these queries can overflow, whatever the mask: the usual case, which needs no look at the scores.</summary>
    public static bool BoundHolds(float* querySizes, int lanes, float keyBound)
    {
        bool holds = true;
        for (int lane = 0; lane < lanes; lane++)
        {
            holds &= querySizes[lane] * keyBound < float.MaxValue / 2;
        }

        return holds;
    }

    /// <summary>A lane with a visible score that is not finite, or −1. Only called when the bound does not hold.</summary>
    public static int FindOverflow(float* scores, int lanes, int used, int keyCount, float* keyScales, uint* words)
    {
        for (int lane = 0; lane < used; lane++)
        {
            for (int key = 0; key < keyCount; key++)
            {
                float score = scores[(key * lanes) + lane] * (keyScales == null ? 1f : keyScales[key]);
                bool visible = words == null || ((words[((key >> 5) * lanes) + lane] >> (key & 31)) & 1) != 0;
                if (visible && !float.IsFinite(score))
                {
                    return lane;
                }
            }
        }

        return -1;
    }
}
