using System.Runtime.CompilerServices;

namespace DistAttention.Kernels;

/// <summary>
/// Scores of a few queries against one tile, keys side by side: K panels are stored [headDim][16], so a vector of keys is
/// one load, and several vectors at once give enough independent chains.
/// </summary>
internal static unsafe class KeyLaneScores
{
    private const int Tile = SequenceFormat.BlockLength;
    private const int Vectors = 4; // of keys, in a step of all groups

    /// <summary>Floats of the widest vector.</summary>
    public const int MaximaPerQuery = 16;

    /// <summary>scores[query][key] = chain of fma(q[d], k[d], ·) over d, ascending, from +0.</summary>
    /// <param name="keys">[panel][headDim][16], as stored.</param>
    /// <param name="ahead">What to fetch meanwhile.</param>
    /// <param name="queries">Group after group of <see cref="KeyLaneGroup"/>, each [headDim][queries of the group].</param>
    /// <param name="count">Queries, as <see cref="KeyLaneGroup.Padded{TLanes, TVec}"/> rounds them.</param>
    /// <param name="headDim">Steps of each chain.</param>
    /// <param name="keyCount">Keys wanted; up to the next multiple of 64 are computed.</param>
    /// <param name="scores">[count][256].</param>
    /// <param name="maxima">[count][<see cref="MaximaPerQuery"/>]: the largest of all scores computed, one per lane.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<TLanes, TVec, TElement>(byte* keys, ref ReadAhead ahead, float* queries, int count, int headDim, int keyCount, float* scores, float* maxima)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
        where TElement : struct, IKvElement
    {
        int step = Vectors * TLanes.Count;
        nint panel = (nint)headDim * KvLayout.PanelLength * TElement.Bytes;
        new Span<float>(maxima, count * MaximaPerQuery).Fill(float.NegativeInfinity);

        // Several groups of queries share keys through the first-level cache: so much of them at a time as is sure to fit.
        const int CachedBytes = 16 << 10;
        int part = count > KeyLaneGroup.Next<TLanes, TVec>(count) ? CachedBytes / (step * TElement.Bytes) : headDim;
        for (int key = 0; key < keyCount; key += step)
        {
            byte* from = keys + Offset<TElement>(key, panel);
            for (int d = 0; d < headDim; d += part)
            {
                int depth = Math.Min(part, headDim - d);
                byte* at = from + ((nint)d * KvLayout.PanelLength * TElement.Bytes);
                for (int i = 0, group; i < count; i += group)
                {
                    group = KeyLaneGroup.Next<TLanes, TVec>(count - i);
                    float* q = queries + ((nint)i * headDim) + ((nint)d * group);
                    float* to = scores + (i * Tile) + key;
                    float* largest = d + depth == headDim ? maxima + (i * MaximaPerQuery) : null;
                    if (d == 0)
                    {
                        Group<TLanes, TVec, TElement, Yes>(group, at, ref ahead, panel, q, depth, to, largest);
                    }
                    else
                    {
                        Group<TLanes, TVec, TElement, No>(group, at, ref ahead, panel, q, depth, to, largest);
                    }
                }
            }
        }
    }

    /// <summary>Steps of the inner loop in one run.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static long Steps<TLanes, TVec>(int count, int headDim, int keyCount)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
    {
        long steps = 0;
        for (int i = 0, group; i < count; i += group)
        {
            group = KeyLaneGroup.Next<TLanes, TVec>(count - i);
            steps += group == 8 ? 2 : 1;
        }

        return (keyCount + (Vectors * TLanes.Count) - 1) / (Vectors * TLanes.Count) * steps * headDim;
    }

    /// <summary>Bytes from the first key of the tile to another.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nint Offset<TElement>(int key, nint panel)
        where TElement : struct, IKvElement => (key / KvLayout.PanelLength * panel) + (key % KvLayout.PanelLength * TElement.Bytes);

    /// <summary>Scores of one group of queries against four vectors of keys, over part of the components; TFirst: the chains start here.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Group<TLanes, TVec, TElement, TFirst>(int group, byte* keys, ref ReadAhead ahead, nint panel, float* queries, int depth, float* scores, float* maxima)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
        where TElement : struct, IKvElement
        where TFirst : struct, IChoice
    {
        switch (group)
        {
            case 8:
                nint half = Offset<TElement>(2 * TLanes.Count, panel);
                Scores8<TLanes, TVec, TElement, TFirst, LaneRow2<TLanes, TVec>>(keys, ref ahead, panel, queries, depth, scores, maxima);
                Scores8<TLanes, TVec, TElement, TFirst, LaneRow2<TLanes, TVec>>(keys + half, ref ahead, panel, queries, depth, scores + (2 * TLanes.Count), maxima);
                break;
            case 4:
                Scores4<TLanes, TVec, TElement, TFirst, LaneRow4<TLanes, TVec>>(keys, ref ahead, panel, queries, depth, scores, maxima);
                break;
            case 2:
                Scores2<TLanes, TVec, TElement, TFirst, LaneRow4<TLanes, TVec>>(keys, ref ahead, panel, queries, depth, scores, maxima);
                break;
            default:
                Scores1<TLanes, TVec, TElement, TFirst, LaneRow4<TLanes, TVec>>(keys, ref ahead, panel, queries, depth, scores, maxima);
                break;
        }
    }

    /// <summary>Eight queries.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scores8<TLanes, TVec, TElement, TFirst, TRow>(byte* keys, ref ReadAhead ahead, nint panel, float* queries, int depth, float* scores, float* maxima)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
        where TElement : struct, IKvElement
        where TFirst : struct, IChoice
        where TRow : struct, ILaneRow<TRow, TLanes, TVec>
    {
        TRow s0 = TFirst.Value ? TRow.Zero : TRow.Load(scores);
        TRow s1 = TFirst.Value ? TRow.Zero : TRow.Load(scores + Tile);
        TRow s2 = TFirst.Value ? TRow.Zero : TRow.Load(scores + (2 * Tile));
        TRow s3 = TFirst.Value ? TRow.Zero : TRow.Load(scores + (3 * Tile));
        TRow s4 = TFirst.Value ? TRow.Zero : TRow.Load(scores + (4 * Tile));
        TRow s5 = TFirst.Value ? TRow.Zero : TRow.Load(scores + (5 * Tile));
        TRow s6 = TFirst.Value ? TRow.Zero : TRow.Load(scores + (6 * Tile));
        TRow s7 = TFirst.Value ? TRow.Zero : TRow.Load(scores + (7 * Tile));
        ReadAhead fetch = ahead; // in registers
        for (; depth > 0; depth--)
        {
            fetch.Step<TElement>(TRow.Vectors);
            TRow k = TRow.Keys<TElement>(keys, panel);
            s0.Fma(TLanes.Broadcast(queries[0]), k);
            s1.Fma(TLanes.Broadcast(queries[1]), k);
            s2.Fma(TLanes.Broadcast(queries[2]), k);
            s3.Fma(TLanes.Broadcast(queries[3]), k);
            s4.Fma(TLanes.Broadcast(queries[4]), k);
            s5.Fma(TLanes.Broadcast(queries[5]), k);
            s6.Fma(TLanes.Broadcast(queries[6]), k);
            s7.Fma(TLanes.Broadcast(queries[7]), k);
            queries += 8;
            keys += KvLayout.PanelLength * TElement.Bytes;
        }

        ahead = fetch;
        TRow.Store(scores, s0);
        TRow.Store(scores + Tile, s1);
        TRow.Store(scores + (2 * Tile), s2);
        TRow.Store(scores + (3 * Tile), s3);
        TRow.Store(scores + (4 * Tile), s4);
        TRow.Store(scores + (5 * Tile), s5);
        TRow.Store(scores + (6 * Tile), s6);
        TRow.Store(scores + (7 * Tile), s7);
        if (maxima != null)
        {
            KeepLargest<TLanes, TVec, TRow>(maxima, s0);
            KeepLargest<TLanes, TVec, TRow>(maxima + MaximaPerQuery, s1);
            KeepLargest<TLanes, TVec, TRow>(maxima + (2 * MaximaPerQuery), s2);
            KeepLargest<TLanes, TVec, TRow>(maxima + (3 * MaximaPerQuery), s3);
            KeepLargest<TLanes, TVec, TRow>(maxima + (4 * MaximaPerQuery), s4);
            KeepLargest<TLanes, TVec, TRow>(maxima + (5 * MaximaPerQuery), s5);
            KeepLargest<TLanes, TVec, TRow>(maxima + (6 * MaximaPerQuery), s6);
            KeepLargest<TLanes, TVec, TRow>(maxima + (7 * MaximaPerQuery), s7);
        }
    }

    /// <summary>Four queries.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scores4<TLanes, TVec, TElement, TFirst, TRow>(byte* keys, ref ReadAhead ahead, nint panel, float* queries, int depth, float* scores, float* maxima)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
        where TElement : struct, IKvElement
        where TFirst : struct, IChoice
        where TRow : struct, ILaneRow<TRow, TLanes, TVec>
    {
        TRow s0 = TFirst.Value ? TRow.Zero : TRow.Load(scores);
        TRow s1 = TFirst.Value ? TRow.Zero : TRow.Load(scores + Tile);
        TRow s2 = TFirst.Value ? TRow.Zero : TRow.Load(scores + (2 * Tile));
        TRow s3 = TFirst.Value ? TRow.Zero : TRow.Load(scores + (3 * Tile));
        ReadAhead fetch = ahead; // in registers
        for (; depth > 0; depth--)
        {
            fetch.Step<TElement>(TRow.Vectors);
            TRow k = TRow.Keys<TElement>(keys, panel);
            s0.Fma(TLanes.Broadcast(queries[0]), k);
            s1.Fma(TLanes.Broadcast(queries[1]), k);
            s2.Fma(TLanes.Broadcast(queries[2]), k);
            s3.Fma(TLanes.Broadcast(queries[3]), k);
            queries += 4;
            keys += KvLayout.PanelLength * TElement.Bytes;
        }

        ahead = fetch;
        TRow.Store(scores, s0);
        TRow.Store(scores + Tile, s1);
        TRow.Store(scores + (2 * Tile), s2);
        TRow.Store(scores + (3 * Tile), s3);
        if (maxima != null)
        {
            KeepLargest<TLanes, TVec, TRow>(maxima, s0);
            KeepLargest<TLanes, TVec, TRow>(maxima + MaximaPerQuery, s1);
            KeepLargest<TLanes, TVec, TRow>(maxima + (2 * MaximaPerQuery), s2);
            KeepLargest<TLanes, TVec, TRow>(maxima + (3 * MaximaPerQuery), s3);
        }
    }

    /// <summary>Two queries.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scores2<TLanes, TVec, TElement, TFirst, TRow>(byte* keys, ref ReadAhead ahead, nint panel, float* queries, int depth, float* scores, float* maxima)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
        where TElement : struct, IKvElement
        where TFirst : struct, IChoice
        where TRow : struct, ILaneRow<TRow, TLanes, TVec>
    {
        TRow s0 = TFirst.Value ? TRow.Zero : TRow.Load(scores);
        TRow s1 = TFirst.Value ? TRow.Zero : TRow.Load(scores + Tile);
        ReadAhead fetch = ahead; // in registers
        for (; depth > 0; depth--)
        {
            fetch.Step<TElement>(TRow.Vectors);
            TRow k = TRow.Keys<TElement>(keys, panel);
            s0.Fma(TLanes.Broadcast(queries[0]), k);
            s1.Fma(TLanes.Broadcast(queries[1]), k);
            queries += 2;
            keys += KvLayout.PanelLength * TElement.Bytes;
        }

        ahead = fetch;
        TRow.Store(scores, s0);
        TRow.Store(scores + Tile, s1);
        if (maxima != null)
        {
            KeepLargest<TLanes, TVec, TRow>(maxima, s0);
            KeepLargest<TLanes, TVec, TRow>(maxima + MaximaPerQuery, s1);
        }
    }

    /// <summary>One query.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scores1<TLanes, TVec, TElement, TFirst, TRow>(byte* keys, ref ReadAhead ahead, nint panel, float* queries, int depth, float* scores, float* maxima)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
        where TElement : struct, IKvElement
        where TFirst : struct, IChoice
        where TRow : struct, ILaneRow<TRow, TLanes, TVec>
    {
        TRow s0 = TFirst.Value ? TRow.Zero : TRow.Load(scores);
        ReadAhead fetch = ahead; // in registers
        for (; depth > 0; depth--)
        {
            fetch.Step<TElement>(TRow.Vectors);
            s0.Fma(TLanes.Broadcast(*queries++), TRow.Keys<TElement>(keys, panel));
            keys += KvLayout.PanelLength * TElement.Bytes;
        }

        ahead = fetch;
        TRow.Store(scores, s0);
        if (maxima != null)
        {
            KeepLargest<TLanes, TVec, TRow>(maxima, s0);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void KeepLargest<TLanes, TVec, TRow>(float* maxima, in TRow scores)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
        where TRow : struct, ILaneRow<TRow, TLanes, TVec> =>
        TLanes.Store(maxima, TLanes.Max(TLanes.Load(maxima), TRow.Largest(scores)));
}
