using System.Runtime.CompilerServices;

namespace DistAttention.Kernels;

/// <summary>One storage type of K and V: how kernels load it, widened exactly to float.</summary>
internal unsafe interface IKvElement
{
    static abstract int Bytes { get; }

    /// <summary>Whether stored values are to be multiplied by their position's scale.</summary>
    static abstract bool Scaled { get; }

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
}
