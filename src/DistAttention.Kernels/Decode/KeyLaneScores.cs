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

    /// <summary>scores[query][key] = chain of fma(q[d], k[d], ·) over d, ascending, from +0.</summary>
    /// <param name="keys">[panel][headDim][16], as stored.</param>
    /// <param name="ahead">What to fetch meanwhile.</param>
    /// <param name="queries">Group after group of <see cref="KeyLaneGroup"/>, each [headDim][queries of the group].</param>
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
        int step = Vectors * TLanes.Count;
        nint panel = (nint)headDim * KvLayout.PanelLength * TElement.Bytes;

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
                    if (d == 0)
                    {
                        Group<TLanes, TVec, TElement, Yes>(group, at, ref ahead, panel, q, depth, to);
                    }
                    else
                    {
                        Group<TLanes, TVec, TElement, No>(group, at, ref ahead, panel, q, depth, to);
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
    private static void Group<TLanes, TVec, TElement, TFirst>(int group, byte* keys, ref ReadAhead ahead, nint panel, float* queries, int depth, float* scores)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
        where TElement : struct, IKvElement
        where TFirst : struct, IChoice
    {
        switch (group)
        {
            case 8:
                nint half = Offset<TElement>(2 * TLanes.Count, panel);
                Scores8<TLanes, TVec, TElement, TFirst, LaneRow2<TLanes, TVec>>(keys, ref ahead, panel, queries, depth, scores);
                Scores8<TLanes, TVec, TElement, TFirst, LaneRow2<TLanes, TVec>>(keys + half, ref ahead, panel, queries, depth, scores + (2 * TLanes.Count));
                break;
            case 4:
                Scores4<TLanes, TVec, TElement, TFirst, LaneRow4<TLanes, TVec>>(keys, ref ahead, panel, queries, depth, scores);
                break;
            case 2:
                Scores2<TLanes, TVec, TElement, TFirst, LaneRow4<TLanes, TVec>>(keys, ref ahead, panel, queries, depth, scores);
                break;
            default:
                Scores1<TLanes, TVec, TElement, TFirst, LaneRow4<TLanes, TVec>>(keys, ref ahead, panel, queries, depth, scores);
                break;
        }
    }

    /// <summary>Eight queries.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scores8<TLanes, TVec, TElement, TFirst, TRow>(byte* keys, ref ReadAhead ahead, nint panel, float* queries, int depth, float* scores)
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
            s0 = TRow.Fma(TLanes.Broadcast(queries[0]), k, s0);
            s1 = TRow.Fma(TLanes.Broadcast(queries[1]), k, s1);
            s2 = TRow.Fma(TLanes.Broadcast(queries[2]), k, s2);
            s3 = TRow.Fma(TLanes.Broadcast(queries[3]), k, s3);
            s4 = TRow.Fma(TLanes.Broadcast(queries[4]), k, s4);
            s5 = TRow.Fma(TLanes.Broadcast(queries[5]), k, s5);
            s6 = TRow.Fma(TLanes.Broadcast(queries[6]), k, s6);
            s7 = TRow.Fma(TLanes.Broadcast(queries[7]), k, s7);
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
    }

    /// <summary>Four queries.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scores4<TLanes, TVec, TElement, TFirst, TRow>(byte* keys, ref ReadAhead ahead, nint panel, float* queries, int depth, float* scores)
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
            s0 = TRow.Fma(TLanes.Broadcast(queries[0]), k, s0);
            s1 = TRow.Fma(TLanes.Broadcast(queries[1]), k, s1);
            s2 = TRow.Fma(TLanes.Broadcast(queries[2]), k, s2);
            s3 = TRow.Fma(TLanes.Broadcast(queries[3]), k, s3);
            queries += 4;
            keys += KvLayout.PanelLength * TElement.Bytes;
        }

        ahead = fetch;
        TRow.Store(scores, s0);
        TRow.Store(scores + Tile, s1);
        TRow.Store(scores + (2 * Tile), s2);
        TRow.Store(scores + (3 * Tile), s3);
    }

    /// <summary>Two queries.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scores2<TLanes, TVec, TElement, TFirst, TRow>(byte* keys, ref ReadAhead ahead, nint panel, float* queries, int depth, float* scores)
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
            s0 = TRow.Fma(TLanes.Broadcast(queries[0]), k, s0);
            s1 = TRow.Fma(TLanes.Broadcast(queries[1]), k, s1);
            queries += 2;
            keys += KvLayout.PanelLength * TElement.Bytes;
        }

        ahead = fetch;
        TRow.Store(scores, s0);
        TRow.Store(scores + Tile, s1);
    }

    /// <summary>One query.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scores1<TLanes, TVec, TElement, TFirst, TRow>(byte* keys, ref ReadAhead ahead, nint panel, float* queries, int depth, float* scores)
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
            s0 = TRow.Fma(TLanes.Broadcast(*queries++), TRow.Keys<TElement>(keys, panel), s0);
            keys += KvLayout.PanelLength * TElement.Bytes;
        }

        ahead = fetch;
        TRow.Store(scores, s0);
    }
}
