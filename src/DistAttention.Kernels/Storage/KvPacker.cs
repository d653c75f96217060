using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace DistAttention.Kernels;

/// <summary>Moves rows of K and V between the user's row-major float32 and packed blocks, rounding once on the way in.</summary>
public static unsafe class KvPacker
{
    private const int Panel = KvLayout.PanelLength;
    private const int Strip = 64; // columns transposed at a time

    /// <summary>Refuses rows that cannot be stored: not finite, or rounding to infinity in the stored type.</summary>
    /// <param name="layout">The sequence's layout.</param>
    /// <param name="k">[tokens, NumHeadsKv, HeadDim].</param>
    /// <param name="v">[tokens, NumHeadsKv, HeadDimV].</param>
    /// <exception cref="InvalidTensorException">Names tensor, token and head.</exception>
    public static void Validate(KvLayout layout, ReadOnlySpan<float> k, ReadOnlySpan<float> v)
    {
        Validate("k", k, layout.NumHeadsKv, layout.HeadDim, layout.KvType);
        Validate("v", v, layout.NumHeadsKv, layout.HeadDimV, layout.KvType);
    }

    /// <summary>Refuses a tensor that holds NaN or infinity.</summary>
    /// <param name="tensor">Its name.</param>
    /// <param name="values">[tokens, heads, headDim].</param>
    /// <param name="heads">Heads.</param>
    /// <param name="headDim">Components of a head.</param>
    /// <exception cref="InvalidTensorException">Names tensor, token and head.</exception>
    public static void ValidateFinite(string tensor, ReadOnlySpan<float> values, int heads, int headDim) =>
        Validate(tensor, values, heads, headDim, KvDataType.Float32);

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

    /// <summary>Reads stored rows back, as every kernel sees them.</summary>
    /// <param name="layout">The sequence's layout.</param>
    /// <param name="block">The block's memory.</param>
    /// <param name="firstIdx">The first row wanted, counted from the start of the block.</param>
    /// <param name="count">Rows wanted.</param>
    /// <param name="k">Receives [count, NumHeadsKv, HeadDim].</param>
    /// <param name="v">Receives [count, NumHeadsKv, HeadDimV].</param>
    public static void Unpack(KvLayout layout, ReadOnlySpan<byte> block, int firstIdx, int count, Span<float> k, Span<float> v)
    {
        int rows = Rows(
            layout,
            block.Length,
            firstIdx,
            k[..checked(count * layout.NumHeadsKv * layout.HeadDim)].Length,
            v[..checked(count * layout.NumHeadsKv * layout.HeadDimV)].Length);
        fixed (byte* memory = block)
        fixed (float* keys = k, values = v)
        {
            for (int head = 0; head < layout.NumHeadsKv; head++)
            {
                byte* section = memory + layout.HeadOffset(head);
                UnpackKeys(layout, section, firstIdx, rows, keys + ((nint)head * layout.HeadDim));
                UnpackValues(layout, section, firstIdx, rows, values + ((nint)head * layout.HeadDimV));
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

    private static void Validate(string tensor, ReadOnlySpan<float> values, int heads, int headDim, KvDataType type)
    {
        uint refused = KvRounding.RefusedBits(type);
        if (values.IsEmpty || LargestBits(values) < refused)
        {
            return;
        }

        int i = 0;
        while (((uint)BitConverter.SingleToInt32Bits(values[i]) & 0x7FFFFFFF) < refused)
        {
            i++;
        }

        float value = values[i];
        string problem = float.IsFinite(value)
            ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $"holds {value}, which {type} cannot store")
            : string.Create(System.Globalization.CultureInfo.InvariantCulture, $"is not finite: it holds {value}");
        throw new InvalidTensorException(tensor, i / ((long)heads * headDim), i / headDim % heads, problem);
    }

    /// <summary>Largest size, as bits: NaN and infinity are the largest of all.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static uint LargestBits(ReadOnlySpan<float> values)
    {
        ReadOnlySpan<uint> bits = MemoryMarshal.Cast<float, uint>(values);
        uint largest = 0;
        int i = 0;
        if (Vector512.IsHardwareAccelerated)
        {
            Vector512<uint> size = Vector512.Create(0x7FFFFFFFu);
            Vector512<uint> a = Vector512<uint>.Zero;
            Vector512<uint> b = a;
            for (; i <= bits.Length - 32; i += 32)
            {
                a = Vector512.Max(a, Vector512.Create(bits[i..]) & size);
                b = Vector512.Max(b, Vector512.Create(bits[(i + 16)..]) & size);
            }

            a = Vector512.Max(a, b);
            Vector256<uint> half = Vector256.Max(a.GetLower(), a.GetUpper());
            largest = Largest(Vector128.Max(half.GetLower(), half.GetUpper()));
        }

        Vector128<uint> rest = Vector128<uint>.Zero;
        for (; i <= bits.Length - 4; i += 4)
        {
            rest = Vector128.Max(rest, Vector128.Create(bits[i..]) & Vector128.Create(0x7FFFFFFFu));
        }

        largest = Math.Max(largest, Largest(rest));
        for (; i < bits.Length; i++)
        {
            largest = Math.Max(largest, bits[i] & 0x7FFFFFFF);
        }

        return largest;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Largest(Vector128<uint> v) => Math.Max(Math.Max(v[0], v[1]), Math.Max(v[2], v[3]));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float LargestSize(float* row, int length) => BitConverter.UInt32BitsToSingle(LargestBits(new ReadOnlySpan<float>(row, length)));

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

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void UnpackKeys(KvLayout layout, byte* section, int firstIdx, int count, float* k)
    {
        int headDim = layout.HeadDim;
        nint rowStride = (nint)layout.NumHeadsKv * headDim;
        float* tile = stackalloc float[Strip * Panel]; // [column][16]
        for (int i = 0, rows; i < count; i += rows)
        {
            int lane = (firstIdx + i) % Panel;
            rows = Math.Min(Panel - lane, count - i);
            nint panel = (nint)((firstIdx + i) / Panel) * layout.PanelStride;
            float* to = k + (i * rowStride);
            for (int d = 0; d < headDim; d += Strip)
            {
                int columns = Math.Min(Strip, headDim - d);
                KvRounding.Widen(layout.KvType, section, panel + ((nint)d * Panel), tile, columns * Panel);
                LaneTranspose.Run(tile + lane, Panel, to + d, rowStride, columns, rows);
            }

            if (layout.KvType == KvDataType.Int8)
            {
                float* scales = (float*)(section + layout.KeyScaleOffset) + firstIdx + i;
                for (int row = 0; row < rows; row++)
                {
                    KvRounding.Scale(to + (row * rowStride), headDim, scales[row]);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void UnpackValues(KvLayout layout, byte* section, int firstIdx, int count, float* v)
    {
        int headDimV = layout.HeadDimV;
        float* wide = stackalloc float[SequenceFormat.MaxHeadDim];
        for (int i = 0; i < count; i++)
        {
            float* row = v + ((nint)i * layout.NumHeadsKv * headDimV);
            KvRounding.Widen(layout.KvType, section + layout.ValueOffset, (nint)(firstIdx + i) * layout.ValueStride, wide, layout.ValueStride);
            new ReadOnlySpan<float>(wide, headDimV).CopyTo(new Span<float>(row, headDimV));
            if (layout.KvType == KvDataType.Int8)
            {
                KvRounding.Scale(row, headDimV, ((float*)(section + layout.ValueScaleOffset))[firstIdx + i]);
            }
        }
    }
}
