using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace DistAttention.Kernels;

/// <summary>Rounding floats to a storage type, to nearest even, on integers: elementwise, so the same everywhere.</summary>
internal static class KvRounding
{
    /// <summary>Bits of the smallest size that does not fit the type: it is infinite, or would be stored as infinity.</summary>
    public static uint RefusedBits(KvDataType type) => type switch
    {
        KvDataType.Float16 => 0x477FF000, // 65,520
        KvDataType.BFloat16 => 0x7F7F8000,
        KvDataType.Int8 => 0x7F7FFF00, // 127 · (largest / 127) must stay finite
        _ => 0x7F800000,
    };

    /// <summary>Upper 16 bits, rounded to nearest even.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<uint> ToBFloat16(Vector128<float> value)
    {
        Vector128<uint> bits = value.AsUInt32();
        return (bits + Vector128.Create(0x7FFFu) + ((bits >> 16) & Vector128<uint>.One)) >> 16;
    }

    /// <summary>Normal results rebias the exponent; subnormal ones are rounded by an addition whose last place is theirs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<uint> ToFloat16(Vector128<float> value)
    {
        Vector128<uint> bits = value.AsUInt32();
        Vector128<uint> size = bits & Vector128.Create(0x7FFFFFFFu);
        Vector128<uint> normal = (size + Vector128.Create(0xC8000FFFu) + ((size >> 13) & Vector128<uint>.One)) >> 13;
        Vector128<uint> subnormal = (size.AsSingle() + Vector128.Create(0.5f)).AsUInt32() - Vector128.Create(0x3F000000u);
        Vector128<uint> isSubnormal = Vector128.LessThan(size, Vector128.Create(0x38800000u));
        return Vector128.ConditionalSelect(isSubnormal, subnormal, normal) | ((bits >> 16) & Vector128.Create(0x8000u));
    }

    /// <summary>
    /// The scale of a row whose largest component has this size: a 127th of it, but a normal number, so that dividing by
    /// it is harmless; 0 for a row of zeros.
    /// </summary>
    public static float Int8Scale(float maxAbs)
    {
        const float SmallestNormal = 1.17549435E-38f;
        return maxAbs == 0 ? 0 : Math.Max(maxAbs / 127f, SmallestNormal);
    }

    /// <summary>value / scale to the nearest integer, ties to even: the rounding of an addition to 1.5 · 2²³.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> ToInt8(Vector128<float> value, Vector128<float> scale)
    {
        Vector128<float> rounder = Vector128.Create(12582912f);
        return ((value / scale) + rounder).AsInt32() - rounder.AsInt32();
    }
}
