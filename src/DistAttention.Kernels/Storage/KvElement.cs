using System.Runtime.CompilerServices;

namespace DistAttention.Kernels;

/// <summary>One storage type of K and V: how kernels load it, widened exactly to float.</summary>
internal unsafe interface IKvElement
{
    static abstract int Bytes { get; }

    /// <summary>Whether stored values are to be multiplied by their position's scale.</summary>
    static abstract bool Scaled { get; }

    /// <summary>How many times too small components are loaded, a power of two: the factor they are multiplied by makes up for it.</summary>
    static virtual float Lift => 1;

    /// <summary>Widened components from element <paramref name="index"/> on.</summary>
    static abstract TVec Load<TLanes, TVec>(byte* source, nint index)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct;
}

/// <summary>How components are stored, besides.</summary>
internal unsafe interface IKvStorage : IKvElement
{
    /// <summary>Rounds components to elements from <paramref name="index"/> on; scaled ones come divided by their scale.</summary>
    static abstract void Store<TLanes, TVec>(byte* destination, nint index, TVec value)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct;
}

/// <summary>float32.</summary>
internal readonly unsafe struct Float32Element : IKvStorage
{
    public static int Bytes => 4;

    public static bool Scaled => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec Load<TLanes, TVec>(byte* source, nint index)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct => TLanes.Load((float*)source + index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<TLanes, TVec>(byte* destination, nint index, TVec value)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct => TLanes.Store((float*)destination + index, value);
}

/// <summary>float16.</summary>
internal readonly unsafe struct Float16Element : IKvStorage
{
    public static int Bytes => 2;

    public static bool Scaled => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec Load<TLanes, TVec>(byte* source, nint index)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct => TLanes.LoadFloat16((ushort*)source + index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<TLanes, TVec>(byte* destination, nint index, TVec value)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct => TLanes.StoreFloat16((ushort*)destination + index, value);
}

/// <summary>
/// float16, widened without the last multiplication, which would cost as much as one with a query. Powers of two change no bit
/// of a product as long as the other factor times <see cref="Lift"/> does not overflow.
/// </summary>
internal readonly unsafe struct ReducedFloat16Element : IKvElement
{
    public static int Bytes => 2;

    public static bool Scaled => false;

    public static float Lift => 5.192296858534828E+33f; // 2^112

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec Load<TLanes, TVec>(byte* source, nint index)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct => TLanes.LoadReducedFloat16((ushort*)source + index);
}

/// <summary>bfloat16.</summary>
internal readonly unsafe struct BFloat16Element : IKvStorage
{
    public static int Bytes => 2;

    public static bool Scaled => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec Load<TLanes, TVec>(byte* source, nint index)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct => TLanes.LoadBFloat16((ushort*)source + index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<TLanes, TVec>(byte* destination, nint index, TVec value)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct => TLanes.StoreBFloat16((ushort*)destination + index, value);
}

/// <summary>int8 with a scale per position and head.</summary>
internal readonly unsafe struct Int8Element : IKvStorage
{
    public static int Bytes => 1;

    public static bool Scaled => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec Load<TLanes, TVec>(byte* source, nint index)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct => TLanes.LoadInt8((sbyte*)source + index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<TLanes, TVec>(byte* destination, nint index, TVec value)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct => TLanes.StoreInt8((sbyte*)destination + index, value);
}
