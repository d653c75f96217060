using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace DistAttention.Kernels;

public static unsafe partial class KvPacker
{
    /// <summary>From here on what is written would push the caches' contents out before anybody reads it: it goes past them.</summary>
    private const int LeastStreamed = 256 << 10;

    /// <summary>Stores rows in a block that were rounded before, as <see cref="KvRows"/> keeps them: the bytes that packing them widened would give.</summary>
    /// <param name="layout">The sequence's layout.</param>
    /// <param name="block">The block's memory, as for <see cref="Pack(KvLayout, Span{byte}, int, ReadOnlySpan{float}, ReadOnlySpan{float})"/>.</param>
    /// <param name="firstIdx">Where in the block the first row goes.</param>
    /// <param name="stored">What <see cref="KvRows"/> wrote, whole and undamaged.</param>
    /// <param name="storedRows">Rows in <paramref name="stored"/>.</param>
    /// <param name="from">The first of them that is wanted.</param>
    /// <param name="count">How many are wanted.</param>
    public static void PackStored(KvLayout layout, Span<byte> block, int firstIdx, ReadOnlySpan<byte> stored, int storedRows, int from, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(from);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, storedRows - from);
        ArgumentOutOfRangeException.ThrowIfNotEqual(stored.Length, KvRows.ByteLength(layout, storedRows));
        ArgumentOutOfRangeException.ThrowIfNegative(firstIdx);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, SequenceFormat.BlockLength - firstIdx);
        ArgumentOutOfRangeException.ThrowIfLessThan(block.Length, layout.BlockBytes);
        fixed (byte* memory = block, rows = stored)
        {
            nint keyRow = (nint)layout.NumHeadsKv * layout.HeadDim * layout.ElementBytes;
            nint valueRow = (nint)layout.NumHeadsKv * layout.PackedHeadDimV * layout.ElementBytes;
            byte* values = rows + (storedRows * keyRow);
            float* keyScales = (float*)(values + (storedRows * valueRow));
            float* valueScales = keyScales + ((nint)storedRows * layout.NumHeadsKv);
            nint scales = (nint)from * layout.NumHeadsKv;
            PackStored(layout, memory, firstIdx, count, rows + (from * keyRow), values + (from * valueRow), keyScales + scales, valueScales + scales);
        }
    }

    private static void PackStored(KvLayout layout, byte* memory, int firstIdx, int count, byte* keys, byte* values, float* keyScales, float* valueScales)
    {
        switch (layout.ElementBytes)
        {
            case sizeof(float):
                PackStored<uint>(layout, memory, firstIdx, count, keys, values, keyScales, valueScales);
                break;
            case sizeof(ushort):
                PackStored<ushort>(layout, memory, firstIdx, count, keys, values, keyScales, valueScales);
                break;
            default:
                PackStored<byte>(layout, memory, firstIdx, count, keys, values, keyScales, valueScales);
                break;
        }
    }

    /// <summary>A panel of all heads at a time, so that the rows are read once and in order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PackStored<T>(KvLayout layout, byte* memory, int firstIdx, int count, byte* keys, byte* values, float* keyScales, float* valueScales)
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
    {
        int heads = layout.NumHeadsKv;
        nint keyHead = (nint)layout.HeadDim * sizeof(T);
        nint keyRow = heads * keyHead;
        nint valueHead = (nint)layout.PackedHeadDimV * sizeof(T);
        nint valueRow = heads * valueHead;
        nint valueStride = (nint)layout.ValueStride * sizeof(T);
        byte* firstHead = memory + layout.HeadOffset(0);
        nint headBytes = (nint)layout.HeadBytes;
        nint valueOffset = (nint)layout.ValueOffset;
        bool stream = count * (keyRow + valueRow) >= LeastStreamed && (nint)firstHead % StoredPanel.Line == 0;
        bool scaled = layout.KvType == KvDataType.Int8;
        for (int i = 0, rows; i < count; i += rows)
        {
            int lane = (firstIdx + i) % Panel;
            rows = Math.Min(Panel - lane, count - i);
            byte* section = firstHead;
            for (int head = 0; head < heads; head++, section += headBytes)
            {
                byte* from = keys + (i * keyRow) + (head * keyHead);
                float largest = scaled
                    ? CopyScales(keyScales + ((nint)i * heads) + head, heads, rows, (float*)(section + layout.KeyScaleOffset) + firstIdx + i)
                    : LargestStored<T>(layout.KvType, from, keyRow, rows, layout.HeadDim);
                RaiseBound(layout.KvType, (float*)memory + head, largest);
                byte* panel = section + ((nint)((firstIdx + i) / Panel) * layout.PanelStride * sizeof(T));
                if (rows == Panel)
                {
                    StoredPanel.Store<T>(from, keyRow, panel, layout.HeadDim, stream);
                }
                else
                {
                    StoredPanel.StoreLanes((T*)from, keyRow / sizeof(T), (T*)panel + lane, rows, layout.HeadDim);
                }
            }

            if (valueRow == 0)
            {
                continue;
            }

            for (int row = i; row < i + rows; row++)
            {
                byte* from = values + (row * valueRow);
                section = firstHead;
                for (int head = 0; head < heads; head++, section += headBytes, from += valueHead)
                {
                    CopyValue(from, valueHead, section + valueOffset + ((firstIdx + row) * valueStride), valueStride, stream);
                }
            }

            if (scaled)
            {
                section = firstHead;
                for (int head = 0; head < heads; head++, section += headBytes)
                {
                    CopyScales(valueScales + ((nint)i * heads) + head, heads, rows, (float*)(section + layout.ValueScaleOffset) + firstIdx + i);
                }
            }
        }

        if (stream)
        {
            Streaming.End();
        }
    }

    /// <summary>One value of one head, zeros behind it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CopyValue(byte* from, nint bytes, byte* to, nint stride, bool stream)
    {
        if (stream && bytes == stride && bytes % StoredPanel.Line == 0 && (nint)to % StoredPanel.Line == 0)
        {
            for (nint i = 0; i < bytes; i += StoredPanel.Line)
            {
                Vector512.Load(from + i).StoreAlignedNonTemporal(to + i);
            }

            return;
        }

        new ReadOnlySpan<byte>(from, (int)bytes).CopyTo(new Span<byte>(to, (int)bytes));
        new Span<byte>(to + bytes, (int)(stride - bytes)).Clear();
    }

    /// <summary>The largest component that int8 with these scales can stand for, having copied them.</summary>
    private static float CopyScales(float* from, nint stride, int rows, float* to)
    {
        float largest = 0;
        for (int row = 0; row < rows; row++)
        {
            to[row] = from[row * stride];
            largest = Math.Max(largest, Int8Bound(to[row]));
        }

        return largest;
    }

    /// <summary>Largest size of [rows][columns] finite elements: without its sign, a larger number has larger bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float LargestStored<T>(KvDataType type, byte* from, nint stride, int rows, int columns)
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
    {
        T size = T.MaxValue >> 1;
        Vector512<T> wide = Vector512<T>.Zero;
        Vector128<T> narrow = Vector128<T>.Zero;
        T largest = T.Zero;
        for (int row = 0; row < rows; row++, from += stride)
        {
            int c = 0;
            if (Vector512.IsHardwareAccelerated)
            {
                for (; c <= columns - Vector512<T>.Count; c += Vector512<T>.Count)
                {
                    wide = Vector512.Max(wide, Vector512.Load((T*)from + c) & Vector512.Create(size));
                }
            }

            for (; c <= columns - Vector128<T>.Count; c += Vector128<T>.Count)
            {
                narrow = Vector128.Max(narrow, Vector128.Load((T*)from + c) & Vector128.Create(size));
            }

            for (; c < columns; c++)
            {
                largest = T.Max(largest, ((T*)from)[c] & size);
            }
        }

        Vector256<T> half = Vector256.Max(wide.GetLower(), wide.GetUpper());
        narrow = Vector128.Max(narrow, Vector128.Max(half.GetLower(), half.GetUpper()));
        for (int i = 0; i < Vector128<T>.Count; i++)
        {
            largest = T.Max(largest, narrow[i]);
        }

        return type switch
        {
            KvDataType.Float16 => (float)BitConverter.UInt16BitsToHalf(ushort.CreateTruncating(largest)),
            KvDataType.BFloat16 => BitConverter.UInt32BitsToSingle(uint.CreateTruncating(largest) << 16),
            _ => BitConverter.UInt32BitsToSingle(uint.CreateTruncating(largest)),
        };
    }
}
