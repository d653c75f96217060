using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace DistAttention.Kernels;

/// <summary>
/// Puts sixteen stored rows into a panel, [column][16]. Narrow elements go as 32-bit words of two or four: transposed like floats, then each
/// line of sixteen words is put in the order of its columns.
/// </summary>
internal static unsafe class StoredPanel
{
    /// <summary>Bytes of a word column, and of a cache line.</summary>
    public const int Line = KvLayout.PanelLength * sizeof(float);

    private const int Rows = KvLayout.PanelLength;
    private const int Words = 16; // transposed at a time

    /// <summary>Stores a whole panel.</summary>
    /// <typeparam name="T">The elements' bits.</typeparam>
    /// <param name="from">The first row.</param>
    /// <param name="stride">Bytes to the next row.</param>
    /// <param name="panel">Receives [columns][16].</param>
    /// <param name="columns">Components.</param>
    /// <param name="stream">Whether to write past the caches; what is written is seen by others after <see cref="Streaming.End"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Store<T>(byte* from, nint stride, byte* panel, int columns, bool stream)
        where T : unmanaged, IBinaryInteger<T>
    {
        float* tile = stackalloc float[Words * Rows]; // [word][16]
        stream &= (nint)panel % Line == 0;
        int words = columns * sizeof(T) / sizeof(float);
        int w = 0;
        if (sizeof(T) == sizeof(float) && !stream)
        {
            LaneTranspose.Run((float*)from, stride / sizeof(float), (float*)panel, Rows, Rows, columns);
            return;
        }

        if (stride % sizeof(float) == 0)
        {
            for (; stream && Avx512F.IsSupported && w <= words - Words; w += Words)
            {
                LaneTranspose.SixteenBySixteen<Streamed<T>>((float*)from + w, stride / sizeof(float), (float*)(panel + ((nint)w * Line)), Rows);
            }

            for (; w < words; w += Words)
            {
                int here = Math.Min(Words, words - w);
                LaneTranspose.Run((float*)from + w, stride / sizeof(float), tile, Rows, Rows, here);
                if (stream)
                {
                    for (int i = 0; i < here; i++)
                    {
                        InColumns<T>(Vector512.Load((byte*)(tile + (i * Rows)))).StoreAlignedNonTemporal(panel + ((nint)(w + i) * Line));
                    }
                }
                else
                {
                    for (int i = 0; i < here; i++)
                    {
                        InColumns<T>(Vector512.Load((byte*)(tile + (i * Rows)))).Store(panel + ((nint)(w + i) * Line));
                    }
                }
            }

            w = words;
        }

        int first = w * sizeof(float) / sizeof(T);
        StoreLanes((T*)from + first, stride / sizeof(T), (T*)panel + ((nint)first * Rows), Rows, columns - first);
    }

    /// <summary>Stores some rows of a panel, touching no other.</summary>
    /// <param name="from">The first row.</param>
    /// <param name="stride">Elements to the next row.</param>
    /// <param name="lanes">The place of the first row in the panel's first column.</param>
    /// <param name="rows">How many.</param>
    /// <param name="columns">Components.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void StoreLanes<T>(T* from, nint stride, T* lanes, int rows, int columns)
        where T : unmanaged
    {
        if (sizeof(T) == sizeof(float))
        {
            LaneTranspose.Run((float*)from, stride, (float*)lanes, Rows, rows, columns);
            return;
        }

        for (int row = 0; row < rows; row++, from += stride)
        {
            for (nint c = 0; c < columns; c++)
            {
                lanes[(c * Rows) + row] = from[c];
            }
        }
    }

    /// <summary>Sixteen words of one element, two or four columns each, as these columns one behind the other.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<byte> InColumns<T>(Vector512<byte> words)
        where T : unmanaged
    {
        if (sizeof(T) == sizeof(float))
        {
            return words;
        }

        if (Avx512BW.IsSupported)
        {
            return sizeof(T) == sizeof(ushort)
                ? Avx512BW.PermuteVar32x16(words.AsUInt16(), Vector512.Create((ushort)0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31)).AsByte()
                : Avx512F.PermuteVar16x32(
                    Avx512BW.Shuffle(words, Vector512.Create(Vector256.Create(Vector128.Create((byte)0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15)))).AsUInt32(),
                    Vector512.Create(0u, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15)).AsByte();
        }

        Vector512<uint> all = words.AsUInt32();
        if (sizeof(T) == sizeof(ushort))
        {
            return Vector512.Create(Low(all), Low(all >> 16)).AsByte();
        }

        return Vector512.Create(
            Vector256.Create(Lowest(all), Lowest(all >> 8)),
            Vector256.Create(Lowest(all >> 16), Lowest(all >> 24)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ushort> Low(Vector512<uint> words)
    {
        Vector512<uint> low = words & Vector512.Create(0xFFFFu);
        return Vector256.Narrow(low.GetLower(), low.GetUpper());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Lowest(Vector512<uint> words)
    {
        Vector256<ushort> low = Low(words & Vector512.Create(0xFFu));
        return Vector128.Narrow(low.GetLower(), low.GetUpper());
    }

    /// <summary>In the order of its columns, past the caches.</summary>
    private readonly struct Streamed<T> : LaneTranspose.ILinePlace
        where T : unmanaged
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Put(Vector512<float> line, float* to) => InColumns<T>(line.AsByte()).StoreAlignedNonTemporal((byte*)to);
    }
}
