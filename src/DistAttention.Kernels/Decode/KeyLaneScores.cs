using System.Runtime.CompilerServices;

namespace DistAttention.Kernels;

/// <summary>
/// Scores of a few queries against one tile, keys side by side: K panels are stored [headDim][16], so a vector of keys is
/// one load, and four vectors at once give enough independent chains.
/// </summary>
internal static unsafe class KeyLaneScores
{
    private const int Tile = SequenceFormat.BlockLength;

    /// <summary>scores[query][key] = chain of fma(q[d], k[d], ·) over d, ascending, from +0.</summary>
    /// <param name="keys">[panel][headDim][16], as stored.</param>
    /// <param name="ahead">What to fetch meanwhile.</param>
    /// <param name="queries">[count][headDim].</param>
    /// <param name="count">Queries, as <see cref="KeyLaneGroup.Padded{TLanes, TVec}"/> rounds them.</param>
    /// <param name="headDim">Steps of each chain.</param>
    /// <param name="keyCount">Keys wanted; up to the next multiple of 64 are computed.</param>
    /// <param name="scores">[count][256].</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<TLanes, TVec, TElement>(byte* keys, ref ReadAhead ahead, float* queries, int count, int headDim, int keyCount, float* scores)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
        where TElement : struct, IKvElement
    {
        int step = 4 * TLanes.Count;
        int group = KeyLaneGroup.Size<TLanes, TVec>(count);
        nint panel1 = Offset(TLanes.Count, headDim);
        nint panel2 = Offset(2 * TLanes.Count, headDim);
        nint panel3 = Offset(3 * TLanes.Count, headDim);
        for (int key = 0; key < keyCount; key += step)
        {
            byte* from = keys + (Offset(key, headDim) * TElement.Bytes);
            for (int i = 0; i < count; i += group)
            {
                float* q = queries + ((nint)i * headDim);
                float* to = scores + (i * Tile) + key;
                switch (group)
                {
                    case 4:
                        Scores4x4<TLanes, TVec, TElement>(from, ref ahead, panel1, panel2, panel3, q, headDim, to);
                        break;
                    case 2:
                        Scores4x2<TLanes, TVec, TElement>(from, ref ahead, panel1, panel2, panel3, q, headDim, to);
                        break;
                    default:
                        Scores4x1<TLanes, TVec, TElement>(from, ref ahead, panel1, panel2, panel3, q, headDim, to);
                        break;
                }
            }
        }
    }

    /// <summary>Steps of the inner loop in one run.</summary>
    public static long Steps<TLanes, TVec>(int count, int headDim, int keyCount)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct =>
        (keyCount + (4 * TLanes.Count) - 1) / (4 * TLanes.Count) * (count / KeyLaneGroup.Size<TLanes, TVec>(count)) * (long)headDim;

    /// <summary>Index of a key's first component.</summary>
    private static nint Offset(int key, int headDim) =>
        ((nint)(key / KvLayout.PanelLength) * KvLayout.PanelLength * headDim) + (key % KvLayout.PanelLength);

    /// <summary>Four vectors of keys × 4 queries.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scores4x4<TLanes, TVec, TElement>(byte* keys, ref ReadAhead ahead, nint panel1, nint panel2, nint panel3, float* queries, int headDim, float* scores)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
        where TElement : struct, IKvElement
    {
        TVec s0a = TLanes.Zero, s0b = TLanes.Zero, s0c = TLanes.Zero, s0d = TLanes.Zero;
        TVec s1a = TLanes.Zero, s1b = TLanes.Zero, s1c = TLanes.Zero, s1d = TLanes.Zero;
        TVec s2a = TLanes.Zero, s2b = TLanes.Zero, s2c = TLanes.Zero, s2d = TLanes.Zero;
        TVec s3a = TLanes.Zero, s3b = TLanes.Zero, s3c = TLanes.Zero, s3d = TLanes.Zero;
        float* q1 = queries + headDim;
        float* q2 = queries + (2 * (nint)headDim);
        float* q3 = queries + (3 * (nint)headDim);
        nint at = 0;
        ReadAhead fetch = ahead; // in registers
        for (nint d = 0; d < headDim; d++, at += KvLayout.PanelLength)
        {
            fetch.Step<TElement>();
            TVec ka = TElement.Load<TLanes, TVec>(keys, at);
            TVec kb = TElement.Load<TLanes, TVec>(keys, at + panel1);
            TVec kc = TElement.Load<TLanes, TVec>(keys, at + panel2);
            TVec kd = TElement.Load<TLanes, TVec>(keys, at + panel3);
            TVec q = TLanes.Broadcast(queries[d]);
            s0a = TLanes.Fma(q, ka, s0a);
            s0b = TLanes.Fma(q, kb, s0b);
            s0c = TLanes.Fma(q, kc, s0c);
            s0d = TLanes.Fma(q, kd, s0d);
            q = TLanes.Broadcast(q1[d]);
            s1a = TLanes.Fma(q, ka, s1a);
            s1b = TLanes.Fma(q, kb, s1b);
            s1c = TLanes.Fma(q, kc, s1c);
            s1d = TLanes.Fma(q, kd, s1d);
            q = TLanes.Broadcast(q2[d]);
            s2a = TLanes.Fma(q, ka, s2a);
            s2b = TLanes.Fma(q, kb, s2b);
            s2c = TLanes.Fma(q, kc, s2c);
            s2d = TLanes.Fma(q, kd, s2d);
            q = TLanes.Broadcast(q3[d]);
            s3a = TLanes.Fma(q, ka, s3a);
            s3b = TLanes.Fma(q, kb, s3b);
            s3c = TLanes.Fma(q, kc, s3c);
            s3d = TLanes.Fma(q, kd, s3d);
        }

        ahead = fetch;
        TLanes.Store(scores, s0a);
        TLanes.Store(scores + TLanes.Count, s0b);
        TLanes.Store(scores + (2 * TLanes.Count), s0c);
        TLanes.Store(scores + (3 * TLanes.Count), s0d);
        TLanes.Store(scores + Tile, s1a);
        TLanes.Store(scores + Tile + TLanes.Count, s1b);
        TLanes.Store(scores + Tile + (2 * TLanes.Count), s1c);
        TLanes.Store(scores + Tile + (3 * TLanes.Count), s1d);
        TLanes.Store(scores + (2 * Tile), s2a);
        TLanes.Store(scores + (2 * Tile) + TLanes.Count, s2b);
        TLanes.Store(scores + (2 * Tile) + (2 * TLanes.Count), s2c);
        TLanes.Store(scores + (2 * Tile) + (3 * TLanes.Count), s2d);
        TLanes.Store(scores + (3 * Tile), s3a);
        TLanes.Store(scores + (3 * Tile) + TLanes.Count, s3b);
        TLanes.Store(scores + (3 * Tile) + (2 * TLanes.Count), s3c);
        TLanes.Store(scores + (3 * Tile) + (3 * TLanes.Count), s3d);
    }

    /// <summary>Four vectors of keys × 2 queries.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scores4x2<TLanes, TVec, TElement>(byte* keys, ref ReadAhead ahead, nint panel1, nint panel2, nint panel3, float* queries, int headDim, float* scores)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
        where TElement : struct, IKvElement
    {
        TVec s0a = TLanes.Zero, s0b = TLanes.Zero, s0c = TLanes.Zero, s0d = TLanes.Zero;
        TVec s1a = TLanes.Zero, s1b = TLanes.Zero, s1c = TLanes.Zero, s1d = TLanes.Zero;
        float* q1 = queries + headDim;
        nint at = 0;
        ReadAhead fetch = ahead; // in registers
        for (nint d = 0; d < headDim; d++, at += KvLayout.PanelLength)
        {
            fetch.Step<TElement>();
            TVec ka = TElement.Load<TLanes, TVec>(keys, at);
            TVec kb = TElement.Load<TLanes, TVec>(keys, at + panel1);
            TVec kc = TElement.Load<TLanes, TVec>(keys, at + panel2);
            TVec kd = TElement.Load<TLanes, TVec>(keys, at + panel3);
            TVec q = TLanes.Broadcast(queries[d]);
            s0a = TLanes.Fma(q, ka, s0a);
            s0b = TLanes.Fma(q, kb, s0b);
            s0c = TLanes.Fma(q, kc, s0c);
            s0d = TLanes.Fma(q, kd, s0d);
            q = TLanes.Broadcast(q1[d]);
            s1a = TLanes.Fma(q, ka, s1a);
            s1b = TLanes.Fma(q, kb, s1b);
            s1c = TLanes.Fma(q, kc, s1c);
            s1d = TLanes.Fma(q, kd, s1d);
        }

        ahead = fetch;
        TLanes.Store(scores, s0a);
        TLanes.Store(scores + TLanes.Count, s0b);
        TLanes.Store(scores + (2 * TLanes.Count), s0c);
        TLanes.Store(scores + (3 * TLanes.Count), s0d);
        TLanes.Store(scores + Tile, s1a);
        TLanes.Store(scores + Tile + TLanes.Count, s1b);
        TLanes.Store(scores + Tile + (2 * TLanes.Count), s1c);
        TLanes.Store(scores + Tile + (3 * TLanes.Count), s1d);
    }

    /// <summary>Four vectors of keys × 1 query.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scores4x1<TLanes, TVec, TElement>(byte* keys, ref ReadAhead ahead, nint panel1, nint panel2, nint panel3, float* queries, int headDim, float* scores)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
        where TElement : struct, IKvElement
    {
        TVec s0a = TLanes.Zero, s0b = TLanes.Zero, s0c = TLanes.Zero, s0d = TLanes.Zero;
        nint at = 0;
        ReadAhead fetch = ahead; // in registers
        for (nint d = 0; d < headDim; d++, at += KvLayout.PanelLength)
        {
            fetch.Step<TElement>();
            TVec ka = TElement.Load<TLanes, TVec>(keys, at);
            TVec kb = TElement.Load<TLanes, TVec>(keys, at + panel1);
            TVec kc = TElement.Load<TLanes, TVec>(keys, at + panel2);
            TVec kd = TElement.Load<TLanes, TVec>(keys, at + panel3);
            TVec q = TLanes.Broadcast(queries[d]);
            s0a = TLanes.Fma(q, ka, s0a);
            s0b = TLanes.Fma(q, kb, s0b);
            s0c = TLanes.Fma(q, kc, s0c);
            s0d = TLanes.Fma(q, kd, s0d);
        }

        ahead = fetch;
        TLanes.Store(scores, s0a);
        TLanes.Store(scores + TLanes.Count, s0b);
        TLanes.Store(scores + (2 * TLanes.Count), s0c);
        TLanes.Store(scores + (3 * TLanes.Count), s0d);
    }
}
