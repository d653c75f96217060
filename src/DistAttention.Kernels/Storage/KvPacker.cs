using System.Runtime.CompilerServices;

namespace DistAttention.Kernels;

/// <summary>Moves rows of K and V between the user's row-major float32 and packed blocks, rounding once on the way in.</summary>
public static unsafe partial class KvPacker
{
    private const int Panel = KvLayout.PanelLength;
    private const int Strip = 64; // columns transposed at a time

    /// <summary>Stores rows in a block. Every stored row depends on that row alone.</summary>
    /// <param name="layout">The sequence's layout.</param>
    /// <param name="block">The block's memory, <see cref="KvLayout.BlockBytes"/> long; zeros before its first row was stored.</param>
    /// <param name="firstIdx">Where in the block the first row goes.</param>
    /// <param name="k">[count, NumHeadsKv, HeadDim], validated.</param>
    /// <param name="v">[count, NumHeadsKv, HeadDimV], validated.</param>
    public static void Pack(KvLayout layout, Span<byte> block, int firstIdx, ReadOnlySpan<float> k, ReadOnlySpan<float> v)
    {
        int count = Rows(layout, block.Length, firstIdx, k.Length, v.Length);
        fixed (byte* memory = block)
        fixed (float* keys = k, values = v)
        {
            // A panel of all heads at a time, so that the user's rows are read in order.
            for (int i = 0, rows; i < count; i += rows)
            {
                rows = Math.Min(Panel - ((firstIdx + i) % Panel), count - i);
                for (int head = 0; head < layout.NumHeadsKv; head++)
                {
                    byte* section = memory + layout.HeadOffset(head);
                    PackKeys(layout, section, firstIdx + i, rows, keys + (((nint)i * layout.NumHeadsKv + head) * layout.HeadDim), (float*)memory + head);
                    PackValues(layout, section, firstIdx + i, rows, values + (((nint)i * layout.NumHeadsKv + head) * layout.HeadDimV));
                }
            }
        }
    }

    private static int Rows(KvLayout layout, long blockLength, int firstIdx, int kLength, int vLength)
    {
        int count = kLength / (layout.NumHeadsKv * layout.HeadDim);
        if (kLength != count * layout.NumHeadsKv * layout.HeadDim || vLength != count * layout.NumHeadsKv * layout.HeadDimV)
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
    private static void PackKeys(KvLayout layout, byte* section, int firstIdx, int rows, float* k, float* keyBound)
    {
        int headDim = layout.HeadDim;
        nint rowStride = (nint)layout.NumHeadsKv * headDim;
        float* scales = (float*)(section + layout.KeyScaleOffset) + firstIdx;
        float largest = 0;
        for (int i = 0; i < rows; i++)
        {
            float size = LargestSize(k + (i * rowStride), headDim);
            if (layout.KvType == KvDataType.Int8)
            {
                scales[i] = KvRounding.Int8Scale(size);
                size = 127f * Math.Max(1f, scales[i]);
            }

            largest = Math.Max(largest, size);
        }

        // Rounding to 16 bits may enlarge a value by at most 2⁻⁸ of it. Readers of a shorter snapshot may run: the bound only grows.
        float bound = layout.KvType is KvDataType.Float16 or KvDataType.BFloat16 ? Math.Min(largest * 1.0078125f, float.MaxValue) : largest;
        Volatile.Write(ref *keyBound, Math.Max(*keyBound, bound));

        int lane = firstIdx % Panel;
        nint panel = (nint)(firstIdx / Panel) * layout.PanelStride;
        if (layout.KvType == KvDataType.Float32)
        {
            LaneTranspose.Run(k, rowStride, (float*)section + panel + lane, Panel, rows, headDim);
        }
        else if (rows == Panel)
        {
            PackPanel(layout, section, panel, k, rowStride, scales);
        }
        else
        {
            PackLanes(layout, section, panel + lane, rows, k, rowStride, scales);
        }
    }

    /// <summary>Stores sixteen rows, a whole panel: transposed, then rounded sixteen keys at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PackPanel(KvLayout layout, byte* section, nint panel, float* rows, nint rowStride, float* scales)
    {
        float* tile = stackalloc float[Strip * Panel]; // [column][16]
        for (int d = 0; d < layout.HeadDim; d += Strip)
        {
            int columns = Math.Min(Strip, layout.HeadDim - d);
            LaneTranspose.Run(rows + d, rowStride, tile, Panel, Panel, columns);
            nint at = panel + ((nint)d * Panel);
            if (layout.KvType == KvDataType.Int8)
            {
                KvRounding.RoundPanel(tile, columns, (sbyte*)section + at, scales);
            }
            else
            {
                KvRounding.RoundRow(layout.KvType, tile, columns * Panel, section, at, 0);
            }
        }
    }

    /// <summary>Stores some rows of a panel, touching no other: each is rounded, then spread.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PackLanes(KvLayout layout, byte* section, nint firstLane, int rows, float* from, nint rowStride, float* scales)
    {
        byte* rounded = stackalloc byte[SequenceFormat.MaxHeadDim * sizeof(ushort)];
        for (int row = 0; row < rows; row++)
        {
            KvRounding.RoundRow(layout.KvType, from + (row * rowStride), layout.HeadDim, rounded, 0, layout.KvType == KvDataType.Int8 ? scales[row] : 0);
            if (layout.KvType == KvDataType.Int8)
            {
                Spread(rounded, section + firstLane + row, layout.HeadDim);
            }
            else
            {
                Spread((ushort*)rounded, (ushort*)section + firstLane + row, layout.HeadDim);
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

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PackValues(KvLayout layout, byte* section, int firstIdx, int rows, float* v)
    {
        int headDimV = layout.HeadDimV;
        nint rowStride = (nint)layout.NumHeadsKv * headDimV;
        float* scales = (float*)(section + layout.ValueScaleOffset) + firstIdx;
        for (int i = 0; i < rows; i++)
        {
            float* row = v + (i * rowStride);
            float scale = 0;
            if (layout.KvType == KvDataType.Int8)
            {
                scale = scales[i] = KvRounding.Int8Scale(LargestSize(row, headDimV));
            }

            KvRounding.RoundRow(layout.KvType, row, headDimV, section + layout.ValueOffset, (nint)(firstIdx + i) * layout.ValueStride, scale);
        }
    }
}
