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
    /// <param name="weights">[count][256], times <see cref="IKvElement.Lift"/>.</param>
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
        for (int i = 0, group; i < count; i += group)
        {
            group = KeyLaneGroup.Next<TLanes, TVec>(count - i);
            int most = MostVectors(group);
            for (int c = 0, vectors; c < valueStride; c += vectors * TLanes.Count)
            {
                vectors = valueStride - c >= most * TLanes.Count ? most : 1;
                Columns columns = new(values + (c * TElement.Bytes), valueStride, keyCount, weights + (i * Tile), factors + (i * Tile), alpha + i, sums + i, output + (i * valueStride) + c);
                if (c == 0)
                {
                    Group<TLanes, TVec, TElement, Yes>(group, vectors, columns, ref ahead);
                }
                else
                {
                    Group<TLanes, TVec, TElement, No>(group, vectors, columns, ref ahead);
                }
            }
        }
    }

    /// <summary>Steps of the inner loop in one run.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static long Steps<TLanes, TVec>(int count, nint valueStride, int keyCount)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
    {
        nint vectors = valueStride / TLanes.Count;
        long steps = 0;
        for (int i = 0, group; i < count; i += group)
        {
            group = KeyLaneGroup.Next<TLanes, TVec>(count - i);
            int most = MostVectors(group);
            steps += (vectors / most) + (vectors % most);
        }

        return steps * keyCount;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int MostVectors(int group) => group == 8 ? 2 : 4;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Group<TLanes, TVec, TElement, TSum>(int group, int vectors, in Columns columns, ref ReadAhead ahead)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
        where TElement : struct, IKvElement
        where TSum : struct, IChoice
    {
        switch (group, vectors)
        {
            case (8, 2):
                Output8<TLanes, TVec, TElement, TSum, LaneRow2<TLanes, TVec>>(columns, ref ahead);
                break;
            case (8, 1):
                Output8<TLanes, TVec, TElement, TSum, LaneRow1<TLanes, TVec>>(columns, ref ahead);
                break;
            case (4, 4):
                Output4<TLanes, TVec, TElement, TSum, LaneRow4<TLanes, TVec>>(columns, ref ahead);
                break;
            case (4, 1):
                Output4<TLanes, TVec, TElement, TSum, LaneRow1<TLanes, TVec>>(columns, ref ahead);
                break;
            case (2, 4):
                Output2<TLanes, TVec, TElement, TSum, LaneRow4<TLanes, TVec>>(columns, ref ahead);
                break;
            case (2, 1):
                Output2<TLanes, TVec, TElement, TSum, LaneRow1<TLanes, TVec>>(columns, ref ahead);
                break;
            case (1, 4):
                Output1<TLanes, TVec, TElement, TSum, LaneRow4<TLanes, TVec>>(columns, ref ahead);
                break;
            default:
                Output1<TLanes, TVec, TElement, TSum, LaneRow1<TLanes, TVec>>(columns, ref ahead);
                break;
        }
    }

    /// <summary>Eight queries.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Output8<TLanes, TVec, TElement, TSum, TRow>(in Columns columns, ref ReadAhead ahead)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
        where TElement : struct, IKvElement
        where TSum : struct, IChoice
        where TRow : struct, ILaneRow<TRow, TLanes, TVec>
    {
        TRow o0 = Start<TLanes, TVec, TRow>(columns, 0);
        TRow o1 = Start<TLanes, TVec, TRow>(columns, 1);
        TRow o2 = Start<TLanes, TVec, TRow>(columns, 2);
        TRow o3 = Start<TLanes, TVec, TRow>(columns, 3);
        TRow o4 = Start<TLanes, TVec, TRow>(columns, 4);
        TRow o5 = Start<TLanes, TVec, TRow>(columns, 5);
        TRow o6 = Start<TLanes, TVec, TRow>(columns, 6);
        TRow o7 = Start<TLanes, TVec, TRow>(columns, 7);
        TVec t0 = TLanes.Zero, t1 = TLanes.Zero, t2 = TLanes.Zero, t3 = TLanes.Zero;
        TVec t4 = TLanes.Zero, t5 = TLanes.Zero, t6 = TLanes.Zero, t7 = TLanes.Zero;
        ReadAhead fetch = ahead; // in registers
        byte* values = columns.Values;
        nint stride = columns.ValueStride * TElement.Bytes;
        float* factors = columns.Factors;
        float* weights = columns.Weights;
        for (int key = columns.KeyCount; key > 0; key--, values += stride, factors++, weights++)
        {
            fetch.Step<TElement>(2);
            TRow v = TRow.Columns<TElement>(values);
            TVec p = TLanes.Broadcast(factors[0]);
            t0 = Summed<TLanes, TVec, TElement, TSum>(t0, p, weights);
            o0.Fma(p, v);
            p = TLanes.Broadcast(factors[Tile]);
            t1 = Summed<TLanes, TVec, TElement, TSum>(t1, p, weights + Tile);
            o1.Fma(p, v);
            p = TLanes.Broadcast(factors[2 * Tile]);
            t2 = Summed<TLanes, TVec, TElement, TSum>(t2, p, weights + (2 * Tile));
            o2.Fma(p, v);
            p = TLanes.Broadcast(factors[3 * Tile]);
            t3 = Summed<TLanes, TVec, TElement, TSum>(t3, p, weights + (3 * Tile));
            o3.Fma(p, v);
            p = TLanes.Broadcast(factors[4 * Tile]);
            t4 = Summed<TLanes, TVec, TElement, TSum>(t4, p, weights + (4 * Tile));
            o4.Fma(p, v);
            p = TLanes.Broadcast(factors[5 * Tile]);
            t5 = Summed<TLanes, TVec, TElement, TSum>(t5, p, weights + (5 * Tile));
            o5.Fma(p, v);
            p = TLanes.Broadcast(factors[6 * Tile]);
            t6 = Summed<TLanes, TVec, TElement, TSum>(t6, p, weights + (6 * Tile));
            o6.Fma(p, v);
            p = TLanes.Broadcast(factors[7 * Tile]);
            t7 = Summed<TLanes, TVec, TElement, TSum>(t7, p, weights + (7 * Tile));
            o7.Fma(p, v);
        }

        ahead = fetch;
        End<TLanes, TVec, TElement, TSum, TRow>(columns, 0, o0, t0);
        End<TLanes, TVec, TElement, TSum, TRow>(columns, 1, o1, t1);
        End<TLanes, TVec, TElement, TSum, TRow>(columns, 2, o2, t2);
        End<TLanes, TVec, TElement, TSum, TRow>(columns, 3, o3, t3);
        End<TLanes, TVec, TElement, TSum, TRow>(columns, 4, o4, t4);
        End<TLanes, TVec, TElement, TSum, TRow>(columns, 5, o5, t5);
        End<TLanes, TVec, TElement, TSum, TRow>(columns, 6, o6, t6);
        End<TLanes, TVec, TElement, TSum, TRow>(columns, 7, o7, t7);
    }

    /// <summary>Four queries.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Output4<TLanes, TVec, TElement, TSum, TRow>(in Columns columns, ref ReadAhead ahead)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
        where TElement : struct, IKvElement
        where TSum : struct, IChoice
        where TRow : struct, ILaneRow<TRow, TLanes, TVec>
    {
        TRow o0 = Start<TLanes, TVec, TRow>(columns, 0);
        TRow o1 = Start<TLanes, TVec, TRow>(columns, 1);
        TRow o2 = Start<TLanes, TVec, TRow>(columns, 2);
        TRow o3 = Start<TLanes, TVec, TRow>(columns, 3);
        TVec t0 = TLanes.Zero, t1 = TLanes.Zero, t2 = TLanes.Zero, t3 = TLanes.Zero;
        ReadAhead fetch = ahead; // in registers
        byte* values = columns.Values;
        nint stride = columns.ValueStride * TElement.Bytes;
        float* factors = columns.Factors;
        float* weights = columns.Weights;
        for (int key = columns.KeyCount; key > 0; key--, values += stride, factors++, weights++)
        {
            fetch.Step<TElement>(4);
            TRow v = TRow.Columns<TElement>(values);
            TVec p = TLanes.Broadcast(factors[0]);
            t0 = Summed<TLanes, TVec, TElement, TSum>(t0, p, weights);
            o0.Fma(p, v);
            p = TLanes.Broadcast(factors[Tile]);
            t1 = Summed<TLanes, TVec, TElement, TSum>(t1, p, weights + Tile);
            o1.Fma(p, v);
            p = TLanes.Broadcast(factors[2 * Tile]);
            t2 = Summed<TLanes, TVec, TElement, TSum>(t2, p, weights + (2 * Tile));
            o2.Fma(p, v);
            p = TLanes.Broadcast(factors[3 * Tile]);
            t3 = Summed<TLanes, TVec, TElement, TSum>(t3, p, weights + (3 * Tile));
            o3.Fma(p, v);
        }

        ahead = fetch;
        End<TLanes, TVec, TElement, TSum, TRow>(columns, 0, o0, t0);
        End<TLanes, TVec, TElement, TSum, TRow>(columns, 1, o1, t1);
        End<TLanes, TVec, TElement, TSum, TRow>(columns, 2, o2, t2);
        End<TLanes, TVec, TElement, TSum, TRow>(columns, 3, o3, t3);
    }

    /// <summary>Two queries.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Output2<TLanes, TVec, TElement, TSum, TRow>(in Columns columns, ref ReadAhead ahead)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
        where TElement : struct, IKvElement
        where TSum : struct, IChoice
        where TRow : struct, ILaneRow<TRow, TLanes, TVec>
    {
        TRow o0 = Start<TLanes, TVec, TRow>(columns, 0);
        TRow o1 = Start<TLanes, TVec, TRow>(columns, 1);
        TVec t0 = TLanes.Zero, t1 = TLanes.Zero;
        ReadAhead fetch = ahead; // in registers
        byte* values = columns.Values;
        nint stride = columns.ValueStride * TElement.Bytes;
        float* factors = columns.Factors;
        float* weights = columns.Weights;
        for (int key = columns.KeyCount; key > 0; key--, values += stride, factors++, weights++)
        {
            fetch.Step<TElement>(4);
            TRow v = TRow.Columns<TElement>(values);
            TVec p = TLanes.Broadcast(factors[0]);
            t0 = Summed<TLanes, TVec, TElement, TSum>(t0, p, weights);
            o0.Fma(p, v);
            p = TLanes.Broadcast(factors[Tile]);
            t1 = Summed<TLanes, TVec, TElement, TSum>(t1, p, weights + Tile);
            o1.Fma(p, v);
        }

        ahead = fetch;
        End<TLanes, TVec, TElement, TSum, TRow>(columns, 0, o0, t0);
        End<TLanes, TVec, TElement, TSum, TRow>(columns, 1, o1, t1);
    }

    /// <summary>One query.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Output1<TLanes, TVec, TElement, TSum, TRow>(in Columns columns, ref ReadAhead ahead)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
        where TElement : struct, IKvElement
        where TSum : struct, IChoice
        where TRow : struct, ILaneRow<TRow, TLanes, TVec>
    {
        TRow o0 = Start<TLanes, TVec, TRow>(columns, 0);
        TVec t0 = TLanes.Zero;
        ReadAhead fetch = ahead; // in registers
        byte* values = columns.Values;
        nint stride = columns.ValueStride * TElement.Bytes;
        float* factors = columns.Factors;
        float* weights = columns.Weights;
        for (int key = columns.KeyCount; key > 0; key--, values += stride, factors++, weights++)
        {
            fetch.Step<TElement>(4);
            TVec p = TLanes.Broadcast(factors[0]);
            t0 = Summed<TLanes, TVec, TElement, TSum>(t0, p, weights);
            o0.Fma(p, TRow.Columns<TElement>(values));
        }

        ahead = fetch;
        End<TLanes, TVec, TElement, TSum, TRow>(columns, 0, o0, t0);
    }

    /// <summary>The output so far of a query, rescaled.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TRow Start<TLanes, TVec, TRow>(in Columns columns, int query)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
        where TRow : struct, ILaneRow<TRow, TLanes, TVec> =>
        TRow.Multiply(TRow.Load(columns.Output + (query * columns.ValueStride)), TLanes.Broadcast(columns.Alpha[query]));

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

    /// <summary>Stores the output of a query, and adds to its sum. Lifted weights add up to exactly the lifted sum: they are normal numbers, and far from overflow.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void End<TLanes, TVec, TElement, TSum, TRow>(in Columns columns, int query, TRow output, TVec sum)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
        where TElement : struct, IKvElement
        where TSum : struct, IChoice
        where TRow : struct, ILaneRow<TRow, TLanes, TVec>
    {
        TRow.Store(columns.Output + (query * columns.ValueStride), output);
        if (TSum.Value)
        {
            columns.Sums[query] = MathF.FusedMultiplyAdd(columns.Sums[query], columns.Alpha[query], TLanes.First(sum) * (1 / TElement.Lift));
        }
    }

    /// <summary>Some columns of the output of one group of queries.</summary>
    private readonly struct Columns(byte* values, nint valueStride, int keyCount, float* weights, float* factors, float* alpha, float* sums, float* output)
    {
        public readonly byte* Values = values;
        public readonly nint ValueStride = valueStride;
        public readonly int KeyCount = keyCount;
        public readonly float* Weights = weights;
        public readonly float* Factors = factors;
        public readonly float* Alpha = alpha;
        public readonly float* Sums = sums;
        public readonly float* Output = output;
    }
}
