using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace DistAttention.Kernels;

/// <summary>Moves rows of K and V between the user's row-major float32 and packed blocks, rounding once on the way in.</summary>
public static unsafe class KvPacker
{
    private const int Panel = KvLayout.PanelLength;

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
            for (int head = 0; head < layout.NumHeadsKv; head++)
            {
                byte* section = memory + layout.HeadOffset(head);
                PackKeys(layout, section, firstIdx, count, keys + ((nint)head * layout.HeadDim), (float*)memory + head);
                PackValues(layout, section, firstIdx, count, values + ((nint)head * layout.HeadDimV));
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
    private static uint LargestBits(ReadOnlySpan<float> values)
    {
        ReadOnlySpan<uint> bits = MemoryMarshal.Cast<float, uint>(values);
        Vector128<uint> mask = Vector128.Create(0x7FFFFFFFu);
        uint largest = 0;
        int i = 0;
        if (Vector512.IsHardwareAccelerated)
        {
            Vector512<uint> a = Vector512<uint>.Zero;
            Vector512<uint> b = a;
            for (; i <= bits.Length - 32; i += 32)
            {
                a = Vector512.Max(a, Vector512.Create(bits[i..]) & Vector512.Create(0x7FFFFFFFu));
                b = Vector512.Max(b, Vector512.Create(bits[(i + 16)..]) & Vector512.Create(0x7FFFFFFFu));
            }

            a = Vector512.Max(a, b);
            Vector256<uint> half = Vector256.Max(a.GetLower(), a.GetUpper());
            mask &= Vector128.Create(0x7FFFFFFFu);
            largest = Largest(Vector128.Max(half.GetLower(), half.GetUpper()));
        }

        Vector128<uint> rest = Vector128<uint>.Zero;
        for (; i <= bits.Length - 4; i += 4)
        {
            rest = Vector128.Max(rest, Vector128.Create(bits[i..]) & mask);
        }

        largest = Math.Max(largest, Largest(rest));
        for (; i < bits.Length; i++)
        {
            largest = Math.Max(largest, bits[i] & 0x7FFFFFFF);
        }

        return largest;
    }

    private static uint Largest(Vector128<uint> v) => Math.Max(Math.Max(v[0], v[1]), Math.Max(v[2], v[3]));

    private static float LargestSize(float* row, int length) => BitConverter.UInt32BitsToSingle(LargestBits(new ReadOnlySpan<float>(row, length)));

    private static void PackKeys(KvLayout layout, byte* section, int firstIdx, int count, float* k, float* keyBound)
    {
        int headDim = layout.HeadDim;
        nint rowStride = (nint)layout.NumHeadsKv * headDim;
        float* scales = (float*)(section + layout.KeyScaleOffset);
        float largest = 0;
        for (int i = 0; i < count; i++)
        {
            float size = LargestSize(k + (i * rowStride), headDim);
            if (layout.KvType == KvDataType.Int8)
            {
                float scale = KvRounding.Int8Scale(size);
                scales[firstIdx + i] = scale;
                size = 127f * Math.Max(1f, scale);
            }

            largest = Math.Max(largest, size);
        }

        // Rounding to 16 bits may enlarge a value by at most 2⁻⁸ of it. Readers of a shorter snapshot may run: the bound only grows.
        float bound = layout.KvType is KvDataType.Float16 or KvDataType.BFloat16 ? Math.Min(largest * 1.0078125f, float.MaxValue) : largest;
        Volatile.Write(ref *keyBound, Math.Max(*keyBound, bound));

        float* tile = stackalloc float[Panel * Panel];
        float* tileScales = stackalloc float[Panel];
        for (int i = 0; i < count;)
        {
            int lane = (firstIdx + i) % Panel;
            int rows = Math.Min(Panel - lane, count - i);
            nint panel = (nint)((firstIdx + i) / Panel) * layout.PanelStride;
            if (layout.KvType == KvDataType.Int8)
            {
                new ReadOnlySpan<float>(scales + firstIdx + i, rows).CopyTo(new Span<float>(tileScales, Panel));
            }

            for (int d = 0; d < headDim; d += Panel)
            {
                int columns = Math.Min(Panel, headDim - d);
                LaneTranspose.Run(k + (i * rowStride) + d, rowStride, tile, Panel, rows, columns);
                for (int c = 0; c < columns; c++)
                {
                    nint at = panel + ((nint)(d + c) * Panel) + lane;
                    Round(layout.KvType, tile + (c * Panel), rows, section, at, tileScales, 1);
                }
            }

            i += rows;
        }
    }

    private static void PackValues(KvLayout layout, byte* section, int firstIdx, int count, float* v)
    {
        int headDimV = layout.HeadDimV;
        nint rowStride = (nint)layout.NumHeadsKv * headDimV;
        float* scales = (float*)(section + layout.ValueScaleOffset);
        for (int i = 0; i < count; i++)
        {
            float* row = v + (i * rowStride);
            if (layout.KvType == KvDataType.Int8)
            {
                scales[firstIdx + i] = KvRounding.Int8Scale(LargestSize(row, headDimV));
            }

            Round(layout.KvType, row, headDimV, section + layout.ValueOffset, (nint)(firstIdx + i) * layout.ValueStride, scales + firstIdx + i, 0);
        }
    }

    /// <summary>Rounds a few floats to elements of the destination. Scales advance by scaleStride, 0 or 1, per element.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Round(KvDataType type, float* source, int count, byte* destination, nint index, float* scales, int scaleStride)
    {
        switch (type)
        {
            case KvDataType.Float32:
                new ReadOnlySpan<float>(source, count).CopyTo(new Span<float>((float*)destination + index, count));
                return;
            case KvDataType.Float16:
            case KvDataType.BFloat16:
                Round16(type == KvDataType.Float16, source, count, (ushort*)destination + index);
                return;
            default:
                Round8(source, count, (sbyte*)destination + index, scales, scaleStride);
                return;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Round16(bool half, float* source, int count, ushort* destination)
    {
        int i = 0;
        for (; i <= count - 8; i += 8)
        {
            Vector128<float> a = Vector128.Load(source + i);
            Vector128<float> b = Vector128.Load(source + i + 4);
            Vector128<ushort> rounded = half
                ? Vector128.Narrow(KvRounding.ToFloat16(a), KvRounding.ToFloat16(b))
                : Vector128.Narrow(KvRounding.ToBFloat16(a), KvRounding.ToBFloat16(b));
            rounded.Store(destination + i);
        }

        for (; i < count; i++)
        {
            Vector128<float> a = Vector128.CreateScalar(source[i]);
            destination[i] = (ushort)(half ? KvRounding.ToFloat16(a) : KvRounding.ToBFloat16(a)).ToScalar();
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Round8(float* source, int count, sbyte* destination, float* scales, int scaleStride)
    {
        int i = 0;
        for (; i <= count - 4; i += 4)
        {
            Vector128<float> scale = scaleStride == 0 ? Vector128.Create(*scales) : Vector128.Load(scales + i);
            scale = Vector128.ConditionalSelect(Vector128.Equals(scale, Vector128<float>.Zero), Vector128<float>.One, scale);
            Vector128<int> rounded = KvRounding.ToInt8(Vector128.Load(source + i), scale);
            Vector128<short> narrow = Vector128.Narrow(rounded, rounded);
            *(int*)(destination + i) = Vector128.Narrow(narrow, narrow).AsInt32().ToScalar();
        }

        for (; i < count; i++)
        {
            float scale = scales[i * scaleStride];
            destination[i] = (sbyte)KvRounding.ToInt8(Vector128.CreateScalar(source[i]), Vector128.Create(scale == 0 ? 1f : scale)).ToScalar();
        }
    }

    private static void UnpackKeys(KvLayout layout, byte* section, int firstIdx, int count, float* k)
    {
        int headDim = layout.HeadDim;
        nint rowStride = (nint)layout.NumHeadsKv * headDim;
        float* tile = stackalloc float[Panel * Panel];
        for (int i = 0; i < count;)
        {
            int lane = (firstIdx + i) % Panel;
            int rows = Math.Min(Panel - lane, count - i);
            nint panel = (nint)((firstIdx + i) / Panel) * layout.PanelStride;
            for (int d = 0; d < headDim; d += Panel)
            {
                int columns = Math.Min(Panel, headDim - d);
                Widen(layout.KvType, section, panel + ((nint)d * Panel), tile, columns * Panel);
                LaneTranspose.Run(tile + lane, Panel, k + (i * rowStride) + d, rowStride, columns, rows);
            }

            if (layout.KvType == KvDataType.Int8)
            {
                float* scales = (float*)(section + layout.KeyScaleOffset) + firstIdx + i;
                for (int r = 0; r < rows; r++)
                {
                    Scale(k + ((i + r) * rowStride), headDim, scales[r]);
                }
            }

            i += rows;
        }
    }

    private static void UnpackValues(KvLayout layout, byte* section, int firstIdx, int count, float* v)
    {
        int headDimV = layout.HeadDimV;
        nint rowStride = (nint)layout.NumHeadsKv * headDimV;
        float* tile = stackalloc float[Panel];
        for (int i = 0; i < count; i++)
        {
            float* row = v + (i * rowStride);
            for (int c = 0; c < headDimV; c += Panel)
            {
                Widen(layout.KvType, section + layout.ValueOffset, ((nint)(firstIdx + i) * layout.ValueStride) + c, tile, Panel);
                int columns = Math.Min(Panel, headDimV - c);
                new ReadOnlySpan<float>(tile, columns).CopyTo(new Span<float>(row + c, columns));
            }

            if (layout.KvType == KvDataType.Int8)
            {
                Scale(row, headDimV, ((float*)(section + layout.ValueScaleOffset))[firstIdx + i]);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Widen(KvDataType type, byte* source, nint index, float* destination, int count)
    {
        for (int i = 0; i < count; i += 4)
        {
            Vector128<float> value = type switch
            {
                KvDataType.Float32 => Float32Element.Load<Lanes128, Vector128<float>>(source, index + i),
                KvDataType.Float16 => Float16Element.Load<Lanes128, Vector128<float>>(source, index + i),
                KvDataType.BFloat16 => BFloat16Element.Load<Lanes128, Vector128<float>>(source, index + i),
                _ => Int8Element.Load<Lanes128, Vector128<float>>(source, index + i),
            };
            value.Store(destination + i);
        }
    }

    private static void Scale(float* row, int length, float scale)
    {
        for (int i = 0; i < length; i++)
        {
            row[i] *= scale;
        }
    }
}
