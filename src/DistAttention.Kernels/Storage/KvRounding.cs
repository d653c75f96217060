using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace DistAttention.Kernels;

/// <summary>Rounding floats to a storage type, to nearest even, and back: elementwise, so the same everywhere.</summary>
internal static unsafe class KvRounding
{
    private const int Widest = 16; // floats of the widest vector

    /// <summary>Bits of the smallest size that does not fit the type: it is infinite, or would be stored as infinity.</summary>
    public static uint RefusedBits(KvDataType type) => type switch
    {
        KvDataType.Float16 => 0x477FF000, // 65,520
        KvDataType.BFloat16 => 0x7F7F8000,
        KvDataType.Int8 => 0x7F7FFF00, // 127 · (largest / 127) must stay finite
        _ => 0x7F800000,
    };

    /// <summary>
    /// The scale of a row whose largest component has this size: a 127th of it, but a normal number, so that dividing by
    /// it is harmless; 0 for a row of zeros.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Int8Scale(float maxAbs)
    {
        const float SmallestNormal = 1.17549435E-38f;
        return maxAbs == 0 ? 0 : Math.Max(maxAbs / 127f, SmallestNormal);
    }

    /// <summary>Rounds floats to elements from <paramref name="index"/> on, zeros following up to a whole vector.</summary>
    /// <param name="source">[count].</param>
    /// <param name="count">How many.</param>
    /// <param name="destination">Elements, with room for the zeros.</param>
    /// <param name="index">The first to write.</param>
    /// <param name="scale">For int8: of all of them.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void RoundRow<TLanes, TVec, TElement>(float* source, int count, byte* destination, nint index, float scale)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
        where TElement : struct, IKvStorage
    {
        TVec divisor = TLanes.Broadcast(scale == 0 ? 1 : scale);
        int i = 0;
        for (; i <= count - TLanes.Count; i += TLanes.Count)
        {
            TElement.Store<TLanes, TVec>(destination, index + i, Quotient<TLanes, TVec, TElement>(source + i, divisor));
        }

        if (i < count)
        {
            RoundRest<TLanes, TVec, TElement>(source + i, count - i, destination, index + i, divisor);
        }
    }

    /// <summary>Rounds [columns][16] floats, for int8 with one scale per key.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void RoundPanel<TLanes, TVec, TElement>(float* source, int columns, byte* destination, nint index, float* scales)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
        where TElement : struct, IKvStorage
    {
        for (int key = 0; key < KvLayout.PanelLength; key += TLanes.Count)
        {
            TVec divisor = TLanes.Zero;
            if (TElement.Scaled)
            {
                TVec scale = TLanes.Load(scales + key);
                divisor = TLanes.Select(TLanes.Equal(scale, TLanes.Zero), TLanes.Broadcast(1), scale); // a row of zeros
            }

            for (nint at = key; at < columns * KvLayout.PanelLength; at += KvLayout.PanelLength)
            {
                TElement.Store<TLanes, TVec>(destination, index + at, Quotient<TLanes, TVec, TElement>(source + at, divisor));
            }
        }
    }

    /// <summary>Widens elements from <paramref name="index"/> on, exactly; int8 without its scale.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Widen(KvDataType type, byte* source, nint index, float* destination, int count)
    {
        switch (type)
        {
            case KvDataType.Float32:
                Widen<Float32Element>(source, index, destination, count);
                return;
            case KvDataType.Float16:
                Widen<Float16Element>(source, index, destination, count);
                return;
            case KvDataType.BFloat16:
                Widen<BFloat16Element>(source, index, destination, count);
                return;
            default:
                Widen<Int8Element>(source, index, destination, count);
                return;
        }
    }

    /// <summary>row · scale.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Scale(float* row, int length, float scale)
    {
        int i = 0;
        for (; i <= length - 4; i += 4)
        {
            (Vector128.Load(row + i) * scale).Store(row + i);
        }

        for (; i < length; i++)
        {
            row[i] *= scale;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Widen<TElement>(byte* source, nint index, float* destination, int count)
        where TElement : struct, IKvElement
    {
        for (int i = 0; i < count; i += 4)
        {
            TElement.Load<Lanes128, Vector128<float>>(source, index + i).Store(destination + i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void RoundRest<TLanes, TVec, TElement>(float* source, int count, byte* destination, nint index, TVec divisor)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
        where TElement : struct, IKvStorage
    {
        float* rest = stackalloc float[Widest];
        new Span<float>(rest, Widest).Clear();
        new ReadOnlySpan<float>(source, count).CopyTo(new Span<float>(rest, Widest));
        for (int lane = 0; lane < count; lane += TLanes.Count)
        {
            TElement.Store<TLanes, TVec>(destination, index + lane, Quotient<TLanes, TVec, TElement>(rest + lane, divisor));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVec Quotient<TLanes, TVec, TElement>(float* source, TVec divisor)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
        where TElement : struct, IKvStorage =>
        TElement.Scaled ? TLanes.Divide(TLanes.Load(source), divisor) : TLanes.Load(source);
}
