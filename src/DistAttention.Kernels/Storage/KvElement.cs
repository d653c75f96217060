using System.Runtime.CompilerServices;

namespace DistAttention.Kernels;

/// <summary>One storage type of K and V: how kernels load it, widened exactly to float.</summary>
internal unsafe interface IKvElement
{
    static abstract int Bytes { get; }

    /// <summary>Whether stored values are to be multiplied by their position's scale.</summary>
    static abstract bool Scaled { get; }

    /// <summary>Rounds components to elements from <paramref name="index"/> on; scaled ones come divided by their scale.</summary>
    static abstract void Store<TLanes, TVec>(byte* destination, nint index, TVec value)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct;

    /// <summary>Widened components from element <paramref name="index"/> on.</summary>
    static abstract TVec Load<TLanes, TVec>(byte* source, nint index)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct;
}

/// <summary>float32.</summary>
internal readonly unsafe struct Float32Element : IKvElement
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
internal readonly unsafe struct Float16Element : IKvElement
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

/// <summary>bfloat16.</summary>
internal readonly unsafe struct BFloat16Element : IKvElement
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
internal readonly unsafe struct Int8Element : IKvElement
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
