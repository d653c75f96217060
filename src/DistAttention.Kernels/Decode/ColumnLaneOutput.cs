using System.Runtime.CompilerServices;

namespace DistAttention.Kernels;

/// <summary>
/// Output of a few queries over one tile, output columns side by side: rows of V are stored contiguously. The row sum
/// rides along as one more chain over the keys.
/// </summary>
internal static unsafe class ColumnLaneOutput
{
    private const int Tile = SequenceFormat.BlockLength;

    /// <summary>
    /// output[query][c] = chain of fma(factors[key], v[key][c], ·) over the keys, ascending, from output · alpha;
    /// sums[query] = fma(sums, alpha, chain of + weights[key]).
    /// </summary>
    /// <param name="values">[256][valueStride], as stored.</param>
    /// <param name="ahead">What to fetch meanwhile.</param>
    /// <param name="valueStride">Columns stored, a multiple of 16.</param>
    /// <param name="count">Queries, as <see cref="KeyLaneGroup.Padded{TLanes, TVec}"/> rounds them.</param>
    /// <param name="keyCount">Keys.</param>
    /// <param name="weights">[count][256].</param>
    /// <param name="factors">[count][256]: the weights, times the scale of the value where there is one.</param>
    /// <param name="alpha">[count].</param>
    /// <param name="sums">[count].</param>
    /// <param name="output">[count][valueStride].</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<TLanes, TVec, TElement>(byte* values, ref ReadAhead ahead, nint valueStride, int count, int keyCount, float* weights, float* factors, float* alpha, float* sums, float* output)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
        where TElement : struct, IKvElement
    {
        int group = KeyLaneGroup.Size<TLanes, TVec>(count);
        for (int i = 0; i < count; i += group)
        {
            for (int c = 0, vectors; c < valueStride; c += vectors * TLanes.Count)
            {
                vectors = valueStride - c >= 4 * TLanes.Count ? 4 : 1;
                float* to = output + (i * valueStride) + c;
                if (c == 0)
                {
                    Block<TLanes, TVec, TElement, Yes>(vectors, group, values, ref ahead, c, valueStride, keyCount, weights + (i * Tile), factors + (i * Tile), alpha + i, sums + i, to);
                }
                else
                {
                    Block<TLanes, TVec, TElement, No>(vectors, group, values, ref ahead, c, valueStride, keyCount, weights + (i * Tile), factors + (i * Tile), alpha + i, sums + i, to);
                }
            }
        }
    }

    /// <summary>Steps of the inner loop in one run.</summary>
    public static long Steps<TLanes, TVec>(int count, nint valueStride, int keyCount)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
    {
        nint vectors = valueStride / TLanes.Count;
        return (long)keyCount * ((vectors / 4) + (vectors % 4)) * (count / KeyLaneGroup.Size<TLanes, TVec>(count));
    }

    private static void Block<TLanes, TVec, TElement, TSum>(int vectors, int queries, byte* values, ref ReadAhead ahead, nint index, nint valueStride, int keyCount, float* weights, float* factors, float* alpha, float* sums, float* output)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
        where TElement : struct, IKvElement
        where TSum : struct, IChoice
    {
        switch (vectors, queries)
        {
            case (4, 4):
                Output4x4<TLanes, TVec, TElement, TSum>(values, ref ahead, index, valueStride, keyCount, weights, factors, alpha, sums, output);
                break;
            case (4, 2):
                Output4x2<TLanes, TVec, TElement, TSum>(values, ref ahead, index, valueStride, keyCount, weights, factors, alpha, sums, output);
                break;
            case (4, 1):
                Output4x1<TLanes, TVec, TElement, TSum>(values, ref ahead, index, valueStride, keyCount, weights, factors, alpha, sums, output);
                break;
            case (1, 4):
                Output1x4<TLanes, TVec, TElement, TSum>(values, ref ahead, index, valueStride, keyCount, weights, factors, alpha, sums, output);
                break;
            case (1, 2):
                Output1x2<TLanes, TVec, TElement, TSum>(values, ref ahead, index, valueStride, keyCount, weights, factors, alpha, sums, output);
                break;
            default:
                Output1x1<TLanes, TVec, TElement, TSum>(values, ref ahead, index, valueStride, keyCount, weights, factors, alpha, sums, output);
                break;
        }
    }

    /// <summary>Four vectors of columns × 4 queries.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Output4x4<TLanes, TVec, TElement, TSum>(byte* values, ref ReadAhead ahead, nint index, nint valueStride, int keyCount, float* weights, float* factors, float* alpha, float* sums, float* output)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
        where TElement : struct, IKvElement
        where TSum : struct, IChoice
    {
        TVec a0 = TLanes.Broadcast(alpha[0]);
        TVec a1 = TLanes.Broadcast(alpha[1]);
        TVec a2 = TLanes.Broadcast(alpha[2]);
        TVec a3 = TLanes.Broadcast(alpha[3]);
        TVec o0a = TLanes.Multiply(TLanes.Load(output), a0);
        TVec o0b = TLanes.Multiply(TLanes.Load(output + TLanes.Count), a0);
        TVec o0c = TLanes.Multiply(TLanes.Load(output + (2 * TLanes.Count)), a0);
        TVec o0d = TLanes.Multiply(TLanes.Load(output + (3 * TLanes.Count)), a0);
        TVec o1a = TLanes.Multiply(TLanes.Load(output + valueStride), a1);
        TVec o1b = TLanes.Multiply(TLanes.Load(output + valueStride + TLanes.Count), a1);
        TVec o1c = TLanes.Multiply(TLanes.Load(output + valueStride + (2 * TLanes.Count)), a1);
        TVec o1d = TLanes.Multiply(TLanes.Load(output + valueStride + (3 * TLanes.Count)), a1);
        TVec o2a = TLanes.Multiply(TLanes.Load(output + (2 * valueStride)), a2);
        TVec o2b = TLanes.Multiply(TLanes.Load(output + (2 * valueStride) + TLanes.Count), a2);
        TVec o2c = TLanes.Multiply(TLanes.Load(output + (2 * valueStride) + (2 * TLanes.Count)), a2);
        TVec o2d = TLanes.Multiply(TLanes.Load(output + (2 * valueStride) + (3 * TLanes.Count)), a2);
        TVec o3a = TLanes.Multiply(TLanes.Load(output + (3 * valueStride)), a3);
        TVec o3b = TLanes.Multiply(TLanes.Load(output + (3 * valueStride) + TLanes.Count), a3);
        TVec o3c = TLanes.Multiply(TLanes.Load(output + (3 * valueStride) + (2 * TLanes.Count)), a3);
        TVec o3d = TLanes.Multiply(TLanes.Load(output + (3 * valueStride) + (3 * TLanes.Count)), a3);
        TVec t0 = TLanes.Zero, t1 = TLanes.Zero, t2 = TLanes.Zero, t3 = TLanes.Zero;
        ReadAhead fetch = ahead; // in registers
        for (nint key = 0; key < keyCount; key++, index += valueStride)
        {
            fetch.Step<TElement>();
            TVec va = TElement.Load<TLanes, TVec>(values, index);
            TVec vb = TElement.Load<TLanes, TVec>(values, index + TLanes.Count);
            TVec vc = TElement.Load<TLanes, TVec>(values, index + (2 * TLanes.Count));
            TVec vd = TElement.Load<TLanes, TVec>(values, index + (3 * TLanes.Count));
            TVec p = TLanes.Broadcast(factors[key]);
            t0 = Summed<TLanes, TVec, TElement, TSum>(t0, p, weights + key);
            o0a = TLanes.Fma(p, va, o0a);
            o0b = TLanes.Fma(p, vb, o0b);
            o0c = TLanes.Fma(p, vc, o0c);
            o0d = TLanes.Fma(p, vd, o0d);
            p = TLanes.Broadcast(factors[key + Tile]);
            t1 = Summed<TLanes, TVec, TElement, TSum>(t1, p, weights + key + Tile);
            o1a = TLanes.Fma(p, va, o1a);
            o1b = TLanes.Fma(p, vb, o1b);
            o1c = TLanes.Fma(p, vc, o1c);
            o1d = TLanes.Fma(p, vd, o1d);
            p = TLanes.Broadcast(factors[key + (2 * Tile)]);
            t2 = Summed<TLanes, TVec, TElement, TSum>(t2, p, weights + key + (2 * Tile));
            o2a = TLanes.Fma(p, va, o2a);
            o2b = TLanes.Fma(p, vb, o2b);
            o2c = TLanes.Fma(p, vc, o2c);
            o2d = TLanes.Fma(p, vd, o2d);
            p = TLanes.Broadcast(factors[key + (3 * Tile)]);
            t3 = Summed<TLanes, TVec, TElement, TSum>(t3, p, weights + key + (3 * Tile));
            o3a = TLanes.Fma(p, va, o3a);
            o3b = TLanes.Fma(p, vb, o3b);
            o3c = TLanes.Fma(p, vc, o3c);
            o3d = TLanes.Fma(p, vd, o3d);
        }

        ahead = fetch;
        TLanes.Store(output, o0a);
        TLanes.Store(output + TLanes.Count, o0b);
        TLanes.Store(output + (2 * TLanes.Count), o0c);
        TLanes.Store(output + (3 * TLanes.Count), o0d);
        TLanes.Store(output + valueStride, o1a);
        TLanes.Store(output + valueStride + TLanes.Count, o1b);
        TLanes.Store(output + valueStride + (2 * TLanes.Count), o1c);
        TLanes.Store(output + valueStride + (3 * TLanes.Count), o1d);
        TLanes.Store(output + (2 * valueStride), o2a);
        TLanes.Store(output + (2 * valueStride) + TLanes.Count, o2b);
        TLanes.Store(output + (2 * valueStride) + (2 * TLanes.Count), o2c);
        TLanes.Store(output + (2 * valueStride) + (3 * TLanes.Count), o2d);
        TLanes.Store(output + (3 * valueStride), o3a);
        TLanes.Store(output + (3 * valueStride) + TLanes.Count, o3b);
        TLanes.Store(output + (3 * valueStride) + (2 * TLanes.Count), o3c);
        TLanes.Store(output + (3 * valueStride) + (3 * TLanes.Count), o3d);
        if (TSum.Value)
        {
            sums[0] = MathF.FusedMultiplyAdd(sums[0], alpha[0], TLanes.First(t0));
            sums[1] = MathF.FusedMultiplyAdd(sums[1], alpha[1], TLanes.First(t1));
            sums[2] = MathF.FusedMultiplyAdd(sums[2], alpha[2], TLanes.First(t2));
            sums[3] = MathF.FusedMultiplyAdd(sums[3], alpha[3], TLanes.First(t3));
        }
    }

    /// <summary>Four vectors of columns × 2 queries.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Output4x2<TLanes, TVec, TElement, TSum>(byte* values, ref ReadAhead ahead, nint index, nint valueStride, int keyCount, float* weights, float* factors, float* alpha, float* sums, float* output)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
        where TElement : struct, IKvElement
        where TSum : struct, IChoice
    {
        TVec a0 = TLanes.Broadcast(alpha[0]);
        TVec a1 = TLanes.Broadcast(alpha[1]);
        TVec o0a = TLanes.Multiply(TLanes.Load(output), a0);
        TVec o0b = TLanes.Multiply(TLanes.Load(output + TLanes.Count), a0);
        TVec o0c = TLanes.Multiply(TLanes.Load(output + (2 * TLanes.Count)), a0);
        TVec o0d = TLanes.Multiply(TLanes.Load(output + (3 * TLanes.Count)), a0);
        TVec o1a = TLanes.Multiply(TLanes.Load(output + valueStride), a1);
        TVec o1b = TLanes.Multiply(TLanes.Load(output + valueStride + TLanes.Count), a1);
        TVec o1c = TLanes.Multiply(TLanes.Load(output + valueStride + (2 * TLanes.Count)), a1);
        TVec o1d = TLanes.Multiply(TLanes.Load(output + valueStride + (3 * TLanes.Count)), a1);
        TVec t0 = TLanes.Zero, t1 = TLanes.Zero;
        ReadAhead fetch = ahead; // in registers
        for (nint key = 0; key < keyCount; key++, index += valueStride)
        {
            fetch.Step<TElement>();
            TVec va = TElement.Load<TLanes, TVec>(values, index);
            TVec vb = TElement.Load<TLanes, TVec>(values, index + TLanes.Count);
            TVec vc = TElement.Load<TLanes, TVec>(values, index + (2 * TLanes.Count));
            TVec vd = TElement.Load<TLanes, TVec>(values, index + (3 * TLanes.Count));
            TVec p = TLanes.Broadcast(factors[key]);
            t0 = Summed<TLanes, TVec, TElement, TSum>(t0, p, weights + key);
            o0a = TLanes.Fma(p, va, o0a);
            o0b = TLanes.Fma(p, vb, o0b);
            o0c = TLanes.Fma(p, vc, o0c);
            o0d = TLanes.Fma(p, vd, o0d);
            p = TLanes.Broadcast(factors[key + Tile]);
            t1 = Summed<TLanes, TVec, TElement, TSum>(t1, p, weights + key + Tile);
            o1a = TLanes.Fma(p, va, o1a);
            o1b = TLanes.Fma(p, vb, o1b);
            o1c = TLanes.Fma(p, vc, o1c);
            o1d = TLanes.Fma(p, vd, o1d);
        }

        ahead = fetch;
        TLanes.Store(output, o0a);
        TLanes.Store(output + TLanes.Count, o0b);
        TLanes.Store(output + (2 * TLanes.Count), o0c);
        TLanes.Store(output + (3 * TLanes.Count), o0d);
        TLanes.Store(output + valueStride, o1a);
        TLanes.Store(output + valueStride + TLanes.Count, o1b);
        TLanes.Store(output + valueStride + (2 * TLanes.Count), o1c);
        TLanes.Store(output + valueStride + (3 * TLanes.Count), o1d);
        if (TSum.Value)
        {
            sums[0] = MathF.FusedMultiplyAdd(sums[0], alpha[0], TLanes.First(t0));
            sums[1] = MathF.FusedMultiplyAdd(sums[1], alpha[1], TLanes.First(t1));
        }
    }

    /// <summary>Four vectors of columns × 1 query.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Output4x1<TLanes, TVec, TElement, TSum>(byte* values, ref ReadAhead ahead, nint index, nint valueStride, int keyCount, float* weights, float* factors, float* alpha, float* sums, float* output)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
        where TElement : struct, IKvElement
        where TSum : struct, IChoice
    {
        TVec a0 = TLanes.Broadcast(alpha[0]);
        TVec o0a = TLanes.Multiply(TLanes.Load(output), a0);
        TVec o0b = TLanes.Multiply(TLanes.Load(output + TLanes.Count), a0);
        TVec o0c = TLanes.Multiply(TLanes.Load(output + (2 * TLanes.Count)), a0);
        TVec o0d = TLanes.Multiply(TLanes.Load(output + (3 * TLanes.Count)), a0);
        TVec t0 = TLanes.Zero;
        ReadAhead fetch = ahead; // in registers
        for (nint key = 0; key < keyCount; key++, index += valueStride)
        {
            fetch.Step<TElement>();
            TVec va = TElement.Load<TLanes, TVec>(values, index);
            TVec vb = TElement.Load<TLanes, TVec>(values, index + TLanes.Count);
            TVec vc = TElement.Load<TLanes, TVec>(values, index + (2 * TLanes.Count));
            TVec vd = TElement.Load<TLanes, TVec>(values, index + (3 * TLanes.Count));
            TVec p = TLanes.Broadcast(factors[key]);
            t0 = Summed<TLanes, TVec, TElement, TSum>(t0, p, weights + key);
            o0a = TLanes.Fma(p, va, o0a);
            o0b = TLanes.Fma(p, vb, o0b);
            o0c = TLanes.Fma(p, vc, o0c);
            o0d = TLanes.Fma(p, vd, o0d);
        }

        ahead = fetch;
        TLanes.Store(output, o0a);
        TLanes.Store(output + TLanes.Count, o0b);
        TLanes.Store(output + (2 * TLanes.Count), o0c);
        TLanes.Store(output + (3 * TLanes.Count), o0d);
        if (TSum.Value)
        {
            sums[0] = MathF.FusedMultiplyAdd(sums[0], alpha[0], TLanes.First(t0));
        }
    }

    /// <summary>One vector of columns × 4 queries.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Output1x4<TLanes, TVec, TElement, TSum>(byte* values, ref ReadAhead ahead, nint index, nint valueStride, int keyCount, float* weights, float* factors, float* alpha, float* sums, float* output)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
        where TElement : struct, IKvElement
        where TSum : struct, IChoice
    {
        TVec a0 = TLanes.Broadcast(alpha[0]);
        TVec a1 = TLanes.Broadcast(alpha[1]);
        TVec a2 = TLanes.Broadcast(alpha[2]);
        TVec a3 = TLanes.Broadcast(alpha[3]);
        TVec o0a = TLanes.Multiply(TLanes.Load(output), a0);
        TVec o1a = TLanes.Multiply(TLanes.Load(output + valueStride), a1);
        TVec o2a = TLanes.Multiply(TLanes.Load(output + (2 * valueStride)), a2);
        TVec o3a = TLanes.Multiply(TLanes.Load(output + (3 * valueStride)), a3);
        TVec t0 = TLanes.Zero, t1 = TLanes.Zero, t2 = TLanes.Zero, t3 = TLanes.Zero;
        ReadAhead fetch = ahead; // in registers
        for (nint key = 0; key < keyCount; key++, index += valueStride)
        {
            fetch.Step<TElement>();
            TVec va = TElement.Load<TLanes, TVec>(values, index);
            TVec p = TLanes.Broadcast(factors[key]);
            t0 = Summed<TLanes, TVec, TElement, TSum>(t0, p, weights + key);
            o0a = TLanes.Fma(p, va, o0a);
            p = TLanes.Broadcast(factors[key + Tile]);
            t1 = Summed<TLanes, TVec, TElement, TSum>(t1, p, weights + key + Tile);
            o1a = TLanes.Fma(p, va, o1a);
            p = TLanes.Broadcast(factors[key + (2 * Tile)]);
            t2 = Summed<TLanes, TVec, TElement, TSum>(t2, p, weights + key + (2 * Tile));
            o2a = TLanes.Fma(p, va, o2a);
            p = TLanes.Broadcast(factors[key + (3 * Tile)]);
            t3 = Summed<TLanes, TVec, TElement, TSum>(t3, p, weights + key + (3 * Tile));
            o3a = TLanes.Fma(p, va, o3a);
        }

        ahead = fetch;
        TLanes.Store(output, o0a);
        TLanes.Store(output + valueStride, o1a);
        TLanes.Store(output + (2 * valueStride), o2a);
        TLanes.Store(output + (3 * valueStride), o3a);
        if (TSum.Value)
        {
            sums[0] = MathF.FusedMultiplyAdd(sums[0], alpha[0], TLanes.First(t0));
            sums[1] = MathF.FusedMultiplyAdd(sums[1], alpha[1], TLanes.First(t1));
            sums[2] = MathF.FusedMultiplyAdd(sums[2], alpha[2], TLanes.First(t2));
            sums[3] = MathF.FusedMultiplyAdd(sums[3], alpha[3], TLanes.First(t3));
        }
    }

    /// <summary>One vector of columns × 2 queries.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Output1x2<TLanes, TVec, TElement, TSum>(byte* values, ref ReadAhead ahead, nint index, nint valueStride, int keyCount, float* weights, float* factors, float* alpha, float* sums, float* output)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
        where TElement : struct, IKvElement
        where TSum : struct, IChoice
    {
        TVec a0 = TLanes.Broadcast(alpha[0]);
        TVec a1 = TLanes.Broadcast(alpha[1]);
        TVec o0a = TLanes.Multiply(TLanes.Load(output), a0);
        TVec o1a = TLanes.Multiply(TLanes.Load(output + valueStride), a1);
        TVec t0 = TLanes.Zero, t1 = TLanes.Zero;
        ReadAhead fetch = ahead; // in registers
        for (nint key = 0; key < keyCount; key++, index += valueStride)
        {
            fetch.Step<TElement>();
            TVec va = TElement.Load<TLanes, TVec>(values, index);
            TVec p = TLanes.Broadcast(factors[key]);
            t0 = Summed<TLanes, TVec, TElement, TSum>(t0, p, weights + key);
            o0a = TLanes.Fma(p, va, o0a);
            p = TLanes.Broadcast(factors[key + Tile]);
            t1 = Summed<TLanes, TVec, TElement, TSum>(t1, p, weights + key + Tile);
            o1a = TLanes.Fma(p, va, o1a);
        }

        ahead = fetch;
        TLanes.Store(output, o0a);
        TLanes.Store(output + valueStride, o1a);
        if (TSum.Value)
        {
            sums[0] = MathF.FusedMultiplyAdd(sums[0], alpha[0], TLanes.First(t0));
            sums[1] = MathF.FusedMultiplyAdd(sums[1], alpha[1], TLanes.First(t1));
        }
    }

    /// <summary>One vector of columns × 1 query.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Output1x1<TLanes, TVec, TElement, TSum>(byte* values, ref ReadAhead ahead, nint index, nint valueStride, int keyCount, float* weights, float* factors, float* alpha, float* sums, float* output)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
        where TElement : struct, IKvElement
        where TSum : struct, IChoice
    {
        TVec a0 = TLanes.Broadcast(alpha[0]);
        TVec o0a = TLanes.Multiply(TLanes.Load(output), a0);
        TVec t0 = TLanes.Zero;
        ReadAhead fetch = ahead; // in registers
        for (nint key = 0; key < keyCount; key++, index += valueStride)
        {
            fetch.Step<TElement>();
            TVec va = TElement.Load<TLanes, TVec>(values, index);
            TVec p = TLanes.Broadcast(factors[key]);
            t0 = Summed<TLanes, TVec, TElement, TSum>(t0, p, weights + key);
            o0a = TLanes.Fma(p, va, o0a);
        }

        ahead = fetch;
        TLanes.Store(output, o0a);
        if (TSum.Value)
        {
            sums[0] = MathF.FusedMultiplyAdd(sums[0], alpha[0], TLanes.First(t0));
        }
    }

    /// <summary>One more weight of a row sum, where it is wanted: the factor itself, unless that has a scale in it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVec Summed<TLanes, TVec, TElement, TSum>(TVec sum, TVec factor, float* weight)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
        where TElement : struct, IKvElement
        where TSum : struct, IChoice
    {
        if (!TSum.Value)
        {
            return sum;
        }

        return TLanes.Add(sum, TElement.Scaled ? TLanes.Broadcast(*weight) : factor);
    }
}
