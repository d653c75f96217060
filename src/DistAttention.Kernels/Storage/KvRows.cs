using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace DistAttention.Kernels;

/// <summary>
/// Rows of K and V as they are kept outside memory: row-major, in the storage type, rounded as <see cref="KvPacker"/> rounds.
/// Reading them back and packing them gives the bytes that packing the rows themselves gave.
/// </summary>
/// <remarks>
/// <code>
/// K: [count][NumHeadsKv][HeadDim] elements   V: [count][NumHeadsKv][PackedHeadDimV] elements
/// int8 only: K scales [count][NumHeadsKv] floats, V scales [count][NumHeadsKv] floats
/// Where values are a part of keys there is no V.
/// </code>
/// That int8 comes back as it was: with s = fl(m / 127), fl(fl(127 · s) / 127) = s for every m (checked for all of them), so
/// a row's scale is found again, and with it every code. (Only a row too small for its smallest scale, all codes 0, comes back with
/// scale 0: the same zeros.)
/// </remarks>
public static unsafe class KvRows
{
    /// <summary>Bytes of so many rows.</summary>
    /// <param name="layout">The sequence's layout.</param>
    /// <param name="count">Rows.</param>
    public static long ByteLength(KvLayout layout, int count)
    {
        long components = (long)layout.NumHeadsKv * (layout.HeadDim + layout.PackedHeadDimV);
        long scales = layout.KvType != KvDataType.Int8 ? 0 : (layout.PackedHeadDimV == 0 ? 1L : 2L) * layout.NumHeadsKv * sizeof(float);
        return count * ((components * layout.ElementBytes) + scales);
    }

    /// <summary>Rounds rows.</summary>
    /// <param name="layout">The sequence's layout.</param>
    /// <param name="k">[count, NumHeadsKv, HeadDim], validated.</param>
    /// <param name="v">[count, NumHeadsKv, PackedHeadDimV], validated.</param>
    /// <param name="destination">Receives <see cref="ByteLength"/> bytes.</param>
    public static void Encode(KvLayout layout, ReadOnlySpan<float> k, ReadOnlySpan<float> v, Span<byte> destination)
    {
        int count = Count(layout, k.Length, v.Length, destination.Length);
        fixed (float* keys = k, values = v)
        fixed (byte* to = destination)
        {
            nint keyElements = k.Length;
            byte* valuesTo = to + (keyElements * layout.ElementBytes);
            float* scales = (float*)(valuesTo + ((nint)v.Length * layout.ElementBytes));
            int heads = count * layout.NumHeadsKv;
            Encode(layout.KvType, keys, heads, layout.HeadDim, to, scales);
            if (layout.PackedHeadDimV > 0)
            {
                Encode(layout.KvType, values, heads, layout.PackedHeadDimV, valuesTo, scales + heads);
            }
        }
    }

    /// <summary>Widens rows.</summary>
    /// <param name="layout">The sequence's layout.</param>
    /// <param name="source">What <see cref="Encode(KvLayout, ReadOnlySpan{float}, ReadOnlySpan{float}, Span{byte})"/> wrote, untrusted.</param>
    /// <param name="k">Receives [count, NumHeadsKv, HeadDim].</param>
    /// <param name="v">Receives [count, NumHeadsKv, PackedHeadDimV].</param>
    public static void Decode(KvLayout layout, ReadOnlySpan<byte> source, Span<float> k, Span<float> v)
    {
        int count = Count(layout, k.Length, v.Length, source.Length);
        fixed (float* keys = k, values = v)
        fixed (byte* from = source)
        {
            byte* valuesFrom = from + ((nint)k.Length * layout.ElementBytes);
            float* scales = (float*)(valuesFrom + ((nint)v.Length * layout.ElementBytes));
            int heads = count * layout.NumHeadsKv;
            Decode(layout.KvType, from, heads, layout.HeadDim, keys, scales);
            if (layout.PackedHeadDimV > 0)
            {
                Decode(layout.KvType, valuesFrom, heads, layout.PackedHeadDimV, values, scales + heads);
            }
        }
    }

    private static int Count(KvLayout layout, int kLength, int vLength, long bytes)
    {
        int count = kLength / (layout.NumHeadsKv * layout.HeadDim);
        if (kLength != count * layout.NumHeadsKv * layout.HeadDim || vLength != count * layout.NumHeadsKv * layout.PackedHeadDimV)
        {
            throw new ArgumentException($"{kLength} floats of K and {vLength} of V are not the same number of whole rows of {layout}.");
        }

        return bytes == ByteLength(layout, count)
            ? count
            : throw new ArgumentException($"{count} rows of {layout} are {ByteLength(layout, count)} bytes, not {bytes}.");
    }

    private static void Encode(KvDataType type, float* rows, int count, int length, byte* to, float* scales)
    {
        switch (type)
        {
            case KvDataType.Float32:
                new ReadOnlySpan<float>(rows, count * length).CopyTo(new Span<float>(to, count * length));
                break;
            case KvDataType.Float16:
                Round<Float16Element>(rows, count * length, to);
                break;
            case KvDataType.BFloat16:
                Round<BFloat16Element>(rows, count * length, to);
                break;
            default:
                for (int i = 0; i < count; i++, rows += length, to += length)
                {
                    scales[i] = KvRounding.Int8Scale(LargestSize(new ReadOnlySpan<float>(rows, length)));
                    RoundInt8(rows, length, to, scales[i]);
                }

                break;
        }
    }

    private static void Decode(KvDataType type, byte* from, int count, int length, float* rows, float* scales)
    {
        if (type != KvDataType.Int8)
        {
            Widen(type, from, count * length, rows);
            return;
        }

        for (int i = 0; i < count; i++, rows += length, from += length)
        {
            Widen(type, from, length, rows);
            KvRounding.Scale(rows, length, scales[i]);
        }
    }

    /// <summary>Whole vectors in place, the rest through a buffer, so that nothing past the end is touched.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Round<TElement>(float* source, int count, byte* to)
        where TElement : struct, IKvStorage
    {
        int whole = count & ~3;
        for (nint i = 0; i < whole; i += 4)
        {
            TElement.Store<Lanes128, Vector128<float>>(to, i, Vector128.Load(source + i));
        }

        float* rest = stackalloc float[4];
        byte* rounded = stackalloc byte[4 * sizeof(float)];
        new Span<float>(rest, 4).Clear();
        new ReadOnlySpan<float>(source + whole, count - whole).CopyTo(new Span<float>(rest, 4));
        TElement.Store<Lanes128, Vector128<float>>(rounded, 0, Vector128.Load(rest));
        new ReadOnlySpan<byte>(rounded, (count - whole) * TElement.Bytes).CopyTo(new Span<byte>(to + ((nint)whole * TElement.Bytes), (count - whole) * TElement.Bytes));
    }

    private static void RoundInt8(float* source, int count, byte* to, float scale)
    {
        float divisor = scale == 0 ? 1 : scale;
        float* quotient = stackalloc float[4];
        byte* rounded = stackalloc byte[4];
        for (int i = 0; i < count; i += 4)
        {
            int here = Math.Min(4, count - i);
            for (int j = 0; j < 4; j++)
            {
                quotient[j] = j < here ? source[i + j] / divisor : 0;
            }

            Int8Element.Store<Lanes128, Vector128<float>>(rounded, 0, Vector128.Load(quotient));
            new ReadOnlySpan<byte>(rounded, here).CopyTo(new Span<byte>(to + i, here));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Widen(KvDataType type, byte* from, int count, float* to)
    {
        int whole = count & ~3;
        KvRounding.Widen(type, from, 0, to, whole);
        if (whole == count)
        {
            return;
        }

        int elementBytes = type switch { KvDataType.Float32 => 4, KvDataType.Int8 => 1, _ => 2 };
        byte* rest = stackalloc byte[4 * sizeof(float)];
        float* wide = stackalloc float[4];
        new Span<byte>(rest, 4 * sizeof(float)).Clear();
        new ReadOnlySpan<byte>(from + ((nint)whole * elementBytes), (count - whole) * elementBytes).CopyTo(new Span<byte>(rest, 4 * sizeof(float)));
        KvRounding.Widen(type, rest, 0, wide, 4);
        new ReadOnlySpan<float>(wide, count - whole).CopyTo(new Span<float>(to + whole, count - whole));
    }

    private static float LargestSize(ReadOnlySpan<float> row)
    {
        uint largest = 0;
        foreach (uint bits in MemoryMarshal.Cast<float, uint>(row))
        {
            largest = Math.Max(largest, bits & 0x7FFFFFFF);
        }

        return BitConverter.UInt32BitsToSingle(largest);
    }
}
