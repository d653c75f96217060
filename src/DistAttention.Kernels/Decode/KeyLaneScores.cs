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

        // Several groups of queries share keys through the first-level cache: so much of them at a time as is sure to fit.
        const int CachedBytes = 16 << 10;
        int part = count > group ? CachedBytes / (step * TElement.Bytes) : headDim;
        nint panel1 = Offset(TLanes.Count, headDim);
        nint panel2 = Offset(2 * TLanes.Count, headDim);
        nint panel3 = Offset(3 * TLanes.Count, headDim);
        for (int key = 0; key < keyCount; key += step)
        {
            byte* from = keys + (Offset(key, headDim) * TElement.Bytes);
            for (int d = 0; d < headDim; d += part)
            {
                int depth = Math.Min(part, headDim - d);
                byte* at = from + ((nint)d * KvLayout.PanelLength * TElement.Bytes);
                for (int i = 0; i < count; i += group)
                {
                    float* q = queries + ((nint)i * headDim) + d;
                    float* to = scores + (i * Tile) + key;
                    if (d == 0)
                    {
                        Block<TLanes, TVec, TElement, Yes>(group, at, ref ahead, panel1, panel2, panel3, q, headDim, depth, to);
                    }
                    else
                    {
                        Block<TLanes, TVec, TElement, No>(group, at, ref ahead, panel1, panel2, panel3, q, headDim, depth, to);
                    }
                }
            }
        }
    }

    /// <summary>Steps of the inner loop in one run.</summary>
    public static long Steps<TLanes, TVec>(int count, int headDim, int keyCount)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct =>
        (keyCount + (4 * TLanes.Count) - 1) / (4 * TLanes.Count) * (count / KeyLaneGroup.Size<TLanes, TVec>(count)) * (long)headDim;

    /// <summary>Scores of one group of queries, over part of the components; TFirst: the chains start here.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Block<TLanes, TVec, TElement, TFirst>(int group, byte* keys, ref ReadAhead ahead, nint panel1, nint panel2, nint panel3, float* queries, nint queryStride, int depth, float* scores)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
        where TElement : struct, IKvElement
        where TFirst : struct, IChoice
    {
        switch (group)
        {
            case 4:
                Scores4x4<TLanes, TVec, TElement, TFirst>(keys, ref ahead, panel1, panel2, panel3, queries, queryStride, depth, scores);
                break;
            case 2:
                Scores4x2<TLanes, TVec, TElement, TFirst>(keys, ref ahead, panel1, panel2, panel3, queries, queryStride, depth, scores);
                break;
            default:
                Scores4x1<TLanes, TVec, TElement, TFirst>(keys, ref ahead, panel1, panel2, panel3, queries, depth, scores);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVec Start<TLanes, TVec, TFirst>(float* score)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
        where TFirst : struct, IChoice => TFirst.Value ? TLanes.Zero : TLanes.Load(score);

    /// <summary>Index of a key's first component.</summary>
    private static nint Offset(int key, int headDim) =>
        ((nint)(key / KvLayout.PanelLength) * KvLayout.PanelLength * headDim) + (key % KvLayout.PanelLength);

    /// <summary>Four vectors of keys × 4 queries.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scores4x4<TLanes, TVec, TElement, TFirst>(byte* keys, ref ReadAhead ahead, nint panel1, nint panel2, nint panel3, float* queries, nint queryStride, int depth, float* scores)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
        where TElement : struct, IKvElement
        where TFirst : struct, IChoice
    {
        TVec s0a = Start<TLanes, TVec, TFirst>(scores);
        TVec s0b = Start<TLanes, TVec, TFirst>(scores + TLanes.Count);
        TVec s0c = Start<TLanes, TVec, TFirst>(scores + (2 * TLanes.Count));
        TVec s0d = Start<TLanes, TVec, TFirst>(scores + (3 * TLanes.Count));
        TVec s1a = Start<TLanes, TVec, TFirst>(scores + Tile);
        TVec s1b = Start<TLanes, TVec, TFirst>(scores + Tile + TLanes.Count);
        TVec s1c = Start<TLanes, TVec, TFirst>(scores + Tile + (2 * TLanes.Count));
        TVec s1d = Start<TLanes, TVec, TFirst>(scores + Tile + (3 * TLanes.Count));
        TVec s2a = Start<TLanes, TVec, TFirst>(scores + (2 * Tile));
        TVec s2b = Start<TLanes, TVec, TFirst>(scores + (2 * Tile) + TLanes.Count);
        TVec s2c = Start<TLanes, TVec, TFirst>(scores + (2 * Tile) + (2 * TLanes.Count));
        TVec s2d = Start<TLanes, TVec, TFirst>(scores + (2 * Tile) + (3 * TLanes.Count));
        TVec s3a = Start<TLanes, TVec, TFirst>(scores + (3 * Tile));
        TVec s3b = Start<TLanes, TVec, TFirst>(scores + (3 * Tile) + TLanes.Count);
        TVec s3c = Start<TLanes, TVec, TFirst>(scores + (3 * Tile) + (2 * TLanes.Count));
        TVec s3d = Start<TLanes, TVec, TFirst>(scores + (3 * Tile) + (3 * TLanes.Count));
        float* q1 = queries + queryStride;
        float* q2 = queries + (2 * queryStride);
        float* q3 = queries + (3 * queryStride);
        nint at = 0;
        ReadAhead fetch = ahead; // in registers
        for (nint d = 0; d < depth; d++, at += KvLayout.PanelLength)
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
    private static void Scores4x2<TLanes, TVec, TElement, TFirst>(byte* keys, ref ReadAhead ahead, nint panel1, nint panel2, nint panel3, float* queries, nint queryStride, int depth, float* scores)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
        where TElement : struct, IKvElement
        where TFirst : struct, IChoice
    {
        TVec s0a = Start<TLanes, TVec, TFirst>(scores);
        TVec s0b = Start<TLanes, TVec, TFirst>(scores + TLanes.Count);
        TVec s0c = Start<TLanes, TVec, TFirst>(scores + (2 * TLanes.Count));
        TVec s0d = Start<TLanes, TVec, TFirst>(scores + (3 * TLanes.Count));
        TVec s1a = Start<TLanes, TVec, TFirst>(scores + Tile);
        TVec s1b = Start<TLanes, TVec, TFirst>(scores + Tile + TLanes.Count);
        TVec s1c = Start<TLanes, TVec, TFirst>(scores + Tile + (2 * TLanes.Count));
        TVec s1d = Start<TLanes, TVec, TFirst>(scores + Tile + (3 * TLanes.Count));
        float* q1 = queries + queryStride;
        nint at = 0;
        ReadAhead fetch = ahead; // in registers
        for (nint d = 0; d < depth; d++, at += KvLayout.PanelLength)
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
    private static void Scores4x1<TLanes, TVec, TElement, TFirst>(byte* keys, ref ReadAhead ahead, nint panel1, nint panel2, nint panel3, float* queries, int depth, float* scores)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
        where TElement : struct, IKvElement
        where TFirst : struct, IChoice
    {
        TVec s0a = Start<TLanes, TVec, TFirst>(scores);
        TVec s0b = Start<TLanes, TVec, TFirst>(scores + TLanes.Count);
        TVec s0c = Start<TLanes, TVec, TFirst>(scores + (2 * TLanes.Count));
        TVec s0d = Start<TLanes, TVec, TFirst>(scores + (3 * TLanes.Count));
        nint at = 0;
        ReadAhead fetch = ahead; // in registers
        for (nint d = 0; d < depth; d++, at += KvLayout.PanelLength)
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
