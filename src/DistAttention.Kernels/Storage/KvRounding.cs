using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace DistAttention.Kernels;

/// <summary>Rounding floats to a storage type, to nearest even, and back: elementwise, so the same everywhere.</summary>
internal static unsafe class KvRounding
{
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

    /// <summary>Rounds floats to elements from <paramref name="index"/> on; int8 with one scale for all.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void RoundRow(KvDataType type, float* source, int count, byte* destination, nint index, float scale)
    {
        switch (type)
        {
            case KvDataType.Float32:
                new ReadOnlySpan<float>(source, count).CopyTo(new Span<float>((float*)destination + index, count));
                return;
            case KvDataType.Float16:
                RoundToFloat16(source, count, (ushort*)destination + index);
                return;
            case KvDataType.BFloat16:
                RoundToBFloat16(source, count, (ushort*)destination + index);
                return;
            default:
                RoundToInt8(source, count, (sbyte*)destination + index, scale);
                return;
        }
    }

    /// <summary>Rounds [columns][16] floats to int8, one scale per key.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void RoundPanel(float* source, int columns, sbyte* destination, float* scales)
    {
        Vector128<float> a = Divisor(Vector128.Load(scales));
        Vector128<float> b = Divisor(Vector128.Load(scales + 4));
        Vector128<float> c = Divisor(Vector128.Load(scales + 8));
        Vector128<float> d = Divisor(Vector128.Load(scales + 12));
        for (int column = 0; column < columns; column++, source += 16, destination += 16)
        {
            Vector128<short> lower = Vector128.Narrow(ToInt8(Vector128.Load(source), a), ToInt8(Vector128.Load(source + 4), b));
            Vector128<short> upper = Vector128.Narrow(ToInt8(Vector128.Load(source + 8), c), ToInt8(Vector128.Load(source + 12), d));
            Vector128.Narrow(lower, upper).Store(destination);
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
    private static void RoundToFloat16(float* source, int count, ushort* destination)
    {
        int i = 0;
        for (; i <= count - 8; i += 8)
        {
            Vector128.Narrow(ToFloat16(Vector128.Load(source + i)), ToFloat16(Vector128.Load(source + i + 4))).Store(destination + i);
        }

        for (; i < count; i++)
        {
            destination[i] = (ushort)ToFloat16(Vector128.CreateScalar(source[i])).ToScalar();
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void RoundToBFloat16(float* source, int count, ushort* destination)
    {
        int i = 0;
        for (; i <= count - 8; i += 8)
        {
            Vector128.Narrow(ToBFloat16(Vector128.Load(source + i)), ToBFloat16(Vector128.Load(source + i + 4))).Store(destination + i);
        }

        for (; i < count; i++)
        {
            destination[i] = (ushort)ToBFloat16(Vector128.CreateScalar(source[i])).ToScalar();
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void RoundToInt8(float* source, int count, sbyte* destination, float scale)
    {
        Vector128<float> divisor = Divisor(Vector128.Create(scale));
        int i = 0;
        for (; i <= count - 8; i += 8)
        {
            Vector128<short> narrow = Vector128.Narrow(ToInt8(Vector128.Load(source + i), divisor), ToInt8(Vector128.Load(source + i + 4), divisor));
            *(long*)(destination + i) = Vector128.Narrow(narrow, narrow).AsInt64().ToScalar();
        }

        for (; i < count; i++)
        {
            destination[i] = (sbyte)ToInt8(Vector128.CreateScalar(source[i]), divisor).ToScalar();
        }
    }

    /// <summary>Scales as divisors: 1 for a row of zeros.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Divisor(Vector128<float> scale) =>
        Vector128.ConditionalSelect(Vector128.Equals(scale, Vector128<float>.Zero), Vector128<float>.One, scale);

    /// <summary>value / scale to the nearest integer, ties to even: the rounding of an addition to 1.5 · 2²³.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> ToInt8(Vector128<float> value, Vector128<float> scale)
    {
        Vector128<float> rounder = Vector128.Create(12582912f);
        return ((value / scale) + rounder).AsInt32() - rounder.AsInt32();
    }

    /// <summary>Upper 16 bits, rounded to nearest even.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> ToBFloat16(Vector128<float> value)
    {
        Vector128<uint> bits = value.AsUInt32();
        return (bits + Vector128.Create(0x7FFFu) + ((bits >> 16) & Vector128<uint>.One)) >> 16;
    }

    /// <summary>Normal results rebias the exponent; subnormal ones are rounded by an addition whose last place is theirs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> ToFloat16(Vector128<float> value)
    {
        Vector128<uint> bits = value.AsUInt32();
        Vector128<uint> size = bits & Vector128.Create(0x7FFFFFFFu);
        Vector128<uint> normal = (size + Vector128.Create(0xC8000FFFu) + ((size >> 13) & Vector128<uint>.One)) >> 13;
        Vector128<uint> subnormal = (size.AsSingle() + Vector128.Create(0.5f)).AsUInt32() - Vector128.Create(0x3F000000u);
        Vector128<uint> isSubnormal = Vector128.LessThan(size, Vector128.Create(0x38800000u));
        return Vector128.ConditionalSelect(isSubnormal, subnormal, normal) | ((bits >> 16) & Vector128.Create(0x8000u));
    }
}
