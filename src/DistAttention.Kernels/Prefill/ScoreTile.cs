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
    /// <param name="wanted">Keys wanted, by panels; up to the next multiple of 8 are computed.</param>
    /// <param name="scores">[256][lanes]: rows by key if masked, else those of the panels computed, one after the other.</param>
    /// <param name="ahead">What to fetch meanwhile.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Compute<TLanes, TVec>(float* queries, float* keys, int headDim, int vectors, TileKeys wanted, float* scores, ref Ahead ahead)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
    {
        nint lanes = vectors * TLanes.Count;
        for (int key = 0; key < wanted.Count; key += KvLayout.PanelLength)
        {
            if (!wanted.Has(key / KvLayout.PanelLength))
            {
                scores += wanted.Masked ? KvLayout.PanelLength * lanes : 0;
                continue;
            }

            int columns = wanted.Count - key > KvLayout.PanelLength / 2 ? KvLayout.PanelLength : KvLayout.PanelLength / 2;
            LaneProduct.Run<TLanes, TVec>(keys + ((nint)key * headDim), KvLayout.PanelLength, columns, queries, vectors, headDim, scores, null, ref ahead);
            scores += KvLayout.PanelLength * lanes;
        }
    }

    /// <summary>Whether no score of these queries can overflow, whatever the mask: the usual case, which needs no look at the scores.</summary>
    public static bool BoundHolds(float querySize, float keyBound) => querySize * keyBound < float.MaxValue / 2;

    /// <summary>A lane with a visible score that is not finite, or −1. Only called when the bound does not hold.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int FindOverflow<TLanes, TVec>(float* scores, int lanes, int used, int keyCount, float* keyScales, uint* words)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
    {
        float* bad = stackalloc float[16];
        for (int first = 0; first < used; first += TLanes.Count)
        {
            TVec found = TLanes.Zero;
            for (int key = 0; key < keyCount; key++)
            {
                TVec score = TLanes.Load(scores + ((nint)key * lanes) + first);
                if (keyScales != null)
                {
                    score = TLanes.Multiply(score, TLanes.Broadcast(keyScales[key]));
                }

                TVec overflow = TLanes.NotFinite(score);
                if (words != null)
                {
                    overflow = TLanes.And(overflow, TLanes.MaskFromWords(words + ((key >> 5) * lanes) + first, key & 31));
                }

                found = TLanes.Or(found, overflow);
            }

            TLanes.Store(bad, found);
            for (int lane = first; lane < Math.Min(used, first + TLanes.Count); lane++)
            {
                if (BitConverter.SingleToInt32Bits(bad[lane - first]) != 0)
                {
                    return lane;
                }
            }
        }

        return -1;
    }
}
