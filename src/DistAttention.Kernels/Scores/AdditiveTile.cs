using System.Runtime.CompilerServices;

namespace DistAttention.Kernels;

/// <summary>
/// Raw scores of an additive score for one group of query lanes: scores[key][lane] = chain over d, ascending, from +0, of
/// fma(v[d], tanh(fl(q[d] + k[d])), ·); with int8 keys fma(k8[d], scale, q[d]) instead of the sum.
/// </summary>
internal static unsafe class AdditiveTile
{
    /// <summary>Computes the scores.</summary>
    /// <param name="queries">[headDim][lanes].</param>
    /// <param name="weights">v: [headDim][lanes].</param>
    /// <param name="keys">[panel][headDim][16].</param>
    /// <param name="keyScales">[keyCount], where keys are scaled.</param>
    /// <param name="headDim">Steps of each chain.</param>
    /// <param name="lanes">Lanes of the group.</param>
    /// <param name="keyCount">Keys.</param>
    /// <param name="scores">[256][lanes].</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Compute<TLanes, TVec, TScaled>(float* queries, float* weights, float* keys, float* keyScales, int headDim, int lanes, int keyCount, float* scores)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
        where TScaled : struct, IChoice
    {
        for (int key = 0; key < keyCount; key += 2)
        {
            // The other key of a pair exists in the panel, whether or not it is wanted.
            float* panel = keys + ((nint)(key / KvLayout.PanelLength) * KvLayout.PanelLength * headDim) + (key % KvLayout.PanelLength);
            TVec scale0 = TLanes.Broadcast(TScaled.Value ? keyScales[key] : 1);
            TVec scale1 = TLanes.Broadcast(TScaled.Value ? keyScales[key + 1] : 1);
            for (int lane = 0; lane < lanes; lane += TLanes.Count)
            {
                float* k = panel;
                float* q = queries + lane;
                float* v = weights + lane;
                TVec sum0 = TLanes.Zero;
                TVec sum1 = TLanes.Zero;
                for (int d = 0; d < headDim; d++, k += KvLayout.PanelLength, q += lanes, v += lanes)
                {
                    TVec query = TLanes.Load(q);
                    TVec weight = TLanes.Load(v);
                    TVec x0 = Sum<TLanes, TVec, TScaled>(TLanes.Broadcast(k[0]), scale0, query);
                    TVec x1 = Sum<TLanes, TVec, TScaled>(TLanes.Broadcast(k[1]), scale1, query);
                    sum0 = TLanes.Fma(weight, Tanh.Of<TLanes, TVec>(x0), sum0);
                    sum1 = TLanes.Fma(weight, Tanh.Of<TLanes, TVec>(x1), sum1);
                }

                TLanes.Store(scores + ((nint)key * lanes) + lane, sum0);
                TLanes.Store(scores + ((nint)(key + 1) * lanes) + lane, sum1);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVec Sum<TLanes, TVec, TScaled>(TVec key, TVec scale, TVec query)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
        where TScaled : struct, IChoice =>
        TScaled.Value ? TLanes.Fma(key, scale, query) : TLanes.Add(key, query);
}
