using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace DistAttention.Kernels;

/// <summary>Moves rows of K and V between the user's row-major float32 and packed blocks, rounding once on the way in.</summary>
public static unsafe partial class KvPacker
{
    private const int Panel = KvLayout.PanelLength;
    private const int Strip = 64; // columns transposed at a time

    /// <summary>Makes memory with other contents ready for rows, all <see cref="SequenceFormat.BlockLength"/> of which must be stored before any is read.</summary>
    /// <param name="layout">The sequence's layout.</param>
    /// <param name="block">The block's memory.</param>
    public static void ClearBounds(KvLayout layout, Span<byte> block) => block[..(int)layout.HeadOffset(0)].Clear();

    /// <summary>Stores rows in a block. Every stored row depends on that row alone.</summary>
    /// <param name="layout">The sequence's layout.</param>
    /// <param name="block">The block's memory, <see cref="KvLayout.BlockBytes"/> long; zeros, or ready by <see cref="ClearBounds"/>, before its first row was stored.</param>
    /// <param name="firstIdx">Where in the block the first row goes.</param>
    /// <param name="k">[count, NumHeadsKv, HeadDim], validated.</param>
    /// <param name="v">[count, NumHeadsKv, PackedHeadDimV], validated.</param>
    public static void Pack(KvLayout layout, Span<byte> block, int firstIdx, ReadOnlySpan<float> k, ReadOnlySpan<float> v) =>
        Pack(layout, block, firstIdx, k, v, LaneWidth.Preferred);

    internal static void Pack(KvLayout layout, Span<byte> block, int firstIdx, ReadOnlySpan<float> k, ReadOnlySpan<float> v, int width)
    {
        int count = Rows(layout, block.Length, firstIdx, k.Length, v.Length);
        fixed (byte* memory = block)
        fixed (float* keys = k, values = v)
        {
            if (layout.KvType == KvDataType.Float32)
            {
                PackStored(layout, memory, firstIdx, count, (byte*)keys, (byte*)values, null, null); // nothing to round
                return;
            }

            switch (width)
            {
                case 512:
                    Pack<Lanes512, Vector512<float>>(layout, memory, firstIdx, count, keys, values);
                    break;
                case 256:
                    Pack<Lanes256, Vector256<float>>(layout, memory, firstIdx, count, keys, values);
                    break;
                default:
                    Pack<Lanes128, Vector128<float>>(layout, memory, firstIdx, count, keys, values);
                    break;
            }
        }
    }

    private static void Pack<TLanes, TVec>(KvLayout layout, byte* memory, int firstIdx, int count, float* keys, float* values)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
    {
        switch (layout.KvType)
        {
            case KvDataType.Float16:
                Pack<TLanes, TVec, Float16Element>(layout, memory, firstIdx, count, keys, values);
                break;
            case KvDataType.BFloat16:
                Pack<TLanes, TVec, BFloat16Element>(layout, memory, firstIdx, count, keys, values);
                break;
            default:
                Pack<TLanes, TVec, Int8Element>(layout, memory, firstIdx, count, keys, values);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Pack<TLanes, TVec, TElement>(KvLayout layout, byte* memory, int firstIdx, int count, float* keys, float* values)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
        where TElement : struct, IKvStorage
    {
        // A panel of all heads at a time, so that the user's rows are read once and in order.
        int heads = layout.NumHeadsKv;
        int headDimV = layout.HeadDimV;
        nint keyRow = (nint)heads * layout.HeadDim;
        nint valueRow = layout.ValueFromKeyPrefix ? 0 : (nint)heads * headDimV;
        byte* firstHead = memory + layout.HeadOffset(0);
        nint headBytes = (nint)layout.HeadBytes;
        nint valueOffset = (nint)layout.ValueOffset;
        nint valueScaleOffset = (nint)layout.ValueScaleOffset;
        nint valueStride = layout.ValueStride;
        for (int i = 0, rows; i < count; i += rows)
        {
            rows = Math.Min(Panel - ((firstIdx + i) % Panel), count - i);
            bool more = i + rows < count;
            byte* section = firstHead;
            for (int head = 0; head < heads; head++, section += headBytes)
            {
                if (more)
                {
                    // Rows of a head lie far apart: without this, each of the next panel would be waited for.
                    Fetch((byte*)(keys + ((i + rows) * keyRow) + ((nint)head * Panel * layout.HeadDim)), Panel * layout.HeadDim * sizeof(float));
                }

                PackKeys<TLanes, TVec, TElement>(layout, section, firstIdx + i, rows, keys + (i * keyRow) + ((nint)head * layout.HeadDim), (float*)memory + head);
            }

            for (int row = i; row < i + rows && valueRow > 0; row++)
            {
                float* from = values + (row * valueRow);
                section = firstHead;
                for (int head = 0; head < heads; head++, section += headBytes, from += headDimV)
                {
                    PackValue<TLanes, TVec, TElement>(
                        from, headDimV, section + valueOffset, (firstIdx + row) * valueStride, (float*)(section + valueScaleOffset) + firstIdx + row);
                }
            }
        }
    }

    private static int Rows(KvLayout layout, long blockLength, int firstIdx, int kLength, int vLength)
    {
        int count = kLength / (layout.NumHeadsKv * layout.HeadDim);
        if (kLength != count * layout.NumHeadsKv * layout.HeadDim || vLength != count * layout.NumHeadsKv * layout.PackedHeadDimV)
        {
            throw new ArgumentException($"{kLength} floats of K and {vLength} of V are not the same number of whole rows of {layout}.");
        }

        ArgumentOutOfRangeException.ThrowIfNegative(firstIdx);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, SequenceFormat.BlockLength - firstIdx);
        ArgumentOutOfRangeException.ThrowIfLessThan(blockLength, layout.BlockBytes);
        return count;
    }

    /// <summary>Stores rows of one panel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PackKeys<TLanes, TVec, TElement>(KvLayout layout, byte* section, int firstIdx, int rows, float* k, float* keyBound)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
        where TElement : struct, IKvStorage
    {
        int headDim = layout.HeadDim;
        nint rowStride = (nint)layout.NumHeadsKv * headDim;
        float* scales = (float*)(section + layout.KeyScaleOffset) + firstIdx;
        float largest = 0;
        if (TElement.Scaled)
        {
            for (int i = 0; i < rows; i++)
            {
                scales[i] = KvRounding.Int8Scale(LargestSize<TLanes, TVec>(k + (i * rowStride), rowStride, 1, headDim));
                largest = Math.Max(largest, Int8Bound(scales[i]));
            }
        }
        else
        {
            largest = LargestSize<TLanes, TVec>(k, rowStride, rows, headDim);
        }

        RaiseBound(layout.KvType, keyBound, largest);
        int lane = firstIdx % Panel;
        nint panel = (nint)(firstIdx / Panel) * layout.PanelStride;
        if (rows == Panel)
        {
            PackPanel<TLanes, TVec, TElement>(headDim, section, panel, k, rowStride, scales);
        }
        else
        {
            PackLanes<TLanes, TVec, TElement>(headDim, section, panel + lane, rows, k, rowStride, scales);
        }
    }

    /// <summary>
    /// Rounding to 16 bits may enlarge a value by at most 2⁻⁸ of it. Readers of a shorter snapshot may run, and others may pack other rows: the
    /// bound only grows.
    /// </summary>
    private static void RaiseBound(KvDataType type, float* bound, float largest)
    {
        float rounded = type is KvDataType.Float16 or KvDataType.BFloat16 ? Math.Min(largest * 1.0078125f, float.MaxValue) : largest;
        float before = Volatile.Read(ref *bound);
        while (rounded > before)
        {
            float seen = Interlocked.CompareExchange(ref *bound, rounded, before);
            if (seen == before)
            {
                return;
            }

            before = seen;
        }
    }

    /// <summary>What components stored with a scale are at most, and at least their codes.</summary>
    private static float Int8Bound(float scale) => 127f * Math.Max(1f, scale);

    /// <summary>Stores sixteen rows, a whole panel: transposed, then rounded sixteen keys at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PackPanel<TLanes, TVec, TElement>(int headDim, byte* section, nint panel, float* rows, nint rowStride, float* scales)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
        where TElement : struct, IKvStorage
    {
        float* tile = stackalloc float[Strip * Panel]; // [column][16]
        for (int d = 0; d < headDim; d += Strip)
        {
            int columns = Math.Min(Strip, headDim - d);
            LaneTranspose.Run(rows + d, rowStride, tile, Panel, Panel, columns);
            KvRounding.RoundPanel<TLanes, TVec, TElement>(tile, columns, section, panel + ((nint)d * Panel), scales);
        }
    }

    /// <summary>Stores some rows of a panel, touching no other: each is rounded, then spread.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PackLanes<TLanes, TVec, TElement>(int headDim, byte* section, nint firstLane, int rows, float* from, nint rowStride, float* scales)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
        where TElement : struct, IKvStorage
    {
        byte* rounded = stackalloc byte[(SequenceFormat.MaxHeadDim + Panel) * sizeof(ushort)];
        for (int row = 0; row < rows; row++)
        {
            KvRounding.RoundRow<TLanes, TVec, TElement>(from + (row * rowStride), headDim, rounded, 0, TElement.Scaled ? scales[row] : 0);
            if (TElement.Bytes == sizeof(byte))
            {
                Spread(rounded, section + firstLane + row, headDim);
            }
            else
            {
                Spread((ushort*)rounded, (ushort*)section + firstLane + row, headDim);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Spread<T>(T* source, T* destination, int count)
        where T : unmanaged
    {
        for (nint i = 0; i < count; i++)
        {
            destination[i * Panel] = source[i];
        }
    }

    /// <summary>Stores one row of one head, zeros behind it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void PackValue<TLanes, TVec, TElement>(float* v, int headDimV, byte* values, nint index, float* scaleOfRow)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
        where TElement : struct, IKvStorage
    {
        float scale = 0;
        if (TElement.Scaled)
        {
            scale = KvRounding.Int8Scale(LargestSize<TLanes, TVec>(v, 0, 1, headDimV));
            *scaleOfRow = scale;
        }

        KvRounding.RoundRow<TLanes, TVec, TElement>(v, headDimV, values, index, scale);
    }

    /// <summary>Largest size of [rows][columns] finite numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float LargestSize<TLanes, TVec>(float* from, nint stride, int rows, int columns)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
    {
        TVec largest = TLanes.Zero;
        float rest = 0;
        for (int row = 0; row < rows; row++, from += stride)
        {
            int c = 0;
            for (; c <= columns - TLanes.Count; c += TLanes.Count)
            {
                largest = TLanes.Max(largest, TLanes.Abs(TLanes.Load(from + c)));
            }

            for (; c < columns; c++)
            {
                rest = Math.Max(rest, MathF.Abs(from[c]));
            }
        }

        return Math.Max(rest, TLanes.Largest(largest));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Fetch(byte* from, int bytes)
    {
        for (int i = 0; i < bytes; i += 64)
        {
            Ahead.Fetch(from + i);
        }
    }
}
