using System.Runtime.CompilerServices;

namespace DistAttention.Kernels;

/// <summary>float32 that was widened from elements with a scale, and still lacks it.</summary>
internal readonly unsafe struct WidenedElement : IKvElement
{
    public static int Bytes => Float32Element.Bytes;

    public static bool Scaled => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec Load<TLanes, TVec>(byte* source, nint index)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct => Float32Element.Load<TLanes, TVec>(source, index);
}
