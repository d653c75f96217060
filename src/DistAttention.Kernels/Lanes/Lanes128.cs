using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace DistAttention.Kernels;

/// <summary>4 lanes in a 128-bit vector.</summary>
internal readonly unsafe struct Lanes128 : ILanes<Vector128<float>>
{
    public static int Count => 4;

    public static bool ManyRegisters
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => AdvSimd.IsSupported || Avx512F.VL.IsSupported;
    }

    public static Vector128<float> Zero
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector128<float>.Zero;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Broadcast(float value) => Vector128.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Load(float* source) => Vector128.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(float* destination, Vector128<float> value) => value.Store(destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> LoadBFloat16(ushort* source) =>
        (WidenUInt16(source) << 16).AsSingle();

    // A binary16 number whose bits are shifted into binary32 places is 2^112 times too small, subnormals included.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> LoadFloat16(ushort* source) =>
        LoadReducedFloat16(source) * Vector128.Create(5.192296858534828E+33f);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> LoadReducedFloat16(ushort* source) =>
        ((WidenInt16((short*)source) << 13) & Vector128.Create(unchecked((int)0x8FFFE000))).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> LoadInt8(sbyte* source) =>
        Vector128.ConvertToSingle(WidenSByte(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreBFloat16(ushort* destination, Vector128<float> value)
    {
        Vector128<uint> bits = value.AsUInt32();
        StoreNarrow(destination, (bits + Vector128.Create(0x7FFFu) + ((bits >> 16) & Vector128<uint>.One)) >> 16);
    }

    // Normal results rebias the exponent; subnormal ones are rounded by an addition whose last place is theirs.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreFloat16(ushort* destination, Vector128<float> value)
    {
        Vector128<uint> bits = value.AsUInt32();
        Vector128<uint> size = bits & Vector128.Create(0x7FFFFFFFu);
        Vector128<uint> normal = (size + Vector128.Create(0xC8000FFFu) + ((size >> 13) & Vector128<uint>.One)) >> 13;
        Vector128<uint> subnormal = (size.AsSingle() + Vector128.Create(0.5f)).AsUInt32() - Vector128.Create(0x3F000000u);
        Vector128<uint> isSubnormal = Vector128.LessThan(size, Vector128.Create(0x38800000u));
        StoreNarrow(destination, Vector128.ConditionalSelect(isSubnormal, subnormal, normal) | ((bits >> 16) & Vector128.Create(0x8000u)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreInt8(sbyte* destination, Vector128<float> value)
    {
        Vector128<float> rounder = Vector128.Create(12582912f);
        StoreNarrow(destination, (value + rounder).AsInt32() - rounder.AsInt32());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Add(Vector128<float> a, Vector128<float> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Subtract(Vector128<float> a, Vector128<float> b) => a - b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Multiply(Vector128<float> a, Vector128<float> b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Divide(Vector128<float> a, Vector128<float> b) => a / b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Abs(Vector128<float> a) => Vector128.Abs(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Max(Vector128<float> a, Vector128<float> b) => Sse.IsSupported ? Sse.Max(a, b) : Vector128.ConditionalSelect(Vector128.GreaterThan(a, b), a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Fma(Vector128<float> a, Vector128<float> b, Vector128<float> c) => Vector128.FusedMultiplyAdd(a, b, c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> LessThan(Vector128<float> a, Vector128<float> b) => Vector128.LessThan(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> AtLeast(Vector128<float> a, Vector128<float> b) => Vector128.GreaterThanOrEqual(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Equal(Vector128<float> a, Vector128<float> b) => Vector128.Equals(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> NotFinite(Vector128<float> a)
    {
        Vector128<int> exponent = Vector128.Create(0x7F800000);
        return Vector128.Equals(a.AsInt32() & exponent, exponent).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> And(Vector128<float> a, Vector128<float> b) => a & b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Or(Vector128<float> a, Vector128<float> b) => a | b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Select(Vector128<float> mask, Vector128<float> whenSet, Vector128<float> whenClear) =>
        Vector128.ConditionalSelect(mask, whenSet, whenClear);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Any(Vector128<float> mask) => mask.AsInt32() != Vector128<int>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Largest(Vector128<float> a)
    {
        Vector128<float> pairs = Max(a, Vector128.Shuffle(a, Vector128.Create(2, 3, 0, 1)));
        return Max(pairs, Vector128.Shuffle(pairs, Vector128.Create(1, 0, 3, 2))).ToScalar();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float First(Vector128<float> a) => a.ToScalar();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> AddExponent(Vector128<float> value, Vector128<float> shifted) =>
        (value.AsInt32() + (shifted.AsInt32() << 23)).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> MaskFromWords(uint* words, int bit) =>
        Vector128.LessThan(Vector128.Load((int*)words) << (31 - bit), Vector128<int>.Zero).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> MaskFromBits(uint bits)
    {
        Vector128<uint> own = Vector128.Create(1u, 1u << 1, 1u << 2, 1u << 3);
        return (~Vector128.Equals(Vector128.Create(bits) & own, Vector128<uint>.Zero)).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> WidenUInt16(ushort* source)
    {
        if (Sse41.IsSupported)
        {
            return Sse41.ConvertToVector128Int32(source).AsUInt32();
        }

        return Vector128.Widen(Vector128.CreateScalarUnsafe(*(long*)source).AsUInt16()).Lower;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> WidenInt16(short* source)
    {
        if (Sse41.IsSupported)
        {
            return Sse41.ConvertToVector128Int32(source);
        }

        return Vector128.Widen(Vector128.CreateScalarUnsafe(*(long*)source).AsInt16()).Lower;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> WidenSByte(sbyte* source)
    {
        if (Sse41.IsSupported)
        {
            return Sse41.ConvertToVector128Int32(source);
        }

        (Vector128<short> wide, _) = Vector128.Widen(Vector128.CreateScalarUnsafe(*(int*)source).AsSByte());
        return Vector128.Widen(wide).Lower;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreNarrow(ushort* destination, Vector128<uint> value) =>
        *(long*)destination = Vector128.Narrow(value, value).AsInt64().ToScalar();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreNarrow(sbyte* destination, Vector128<int> value)
    {
        Vector128<short> narrow = Vector128.Narrow(value, value);
        *(int*)destination = Vector128.Narrow(narrow, narrow).AsInt32().ToScalar();
    }
}
