using System.Runtime.CompilerServices;

namespace DistAttention.Kernels;

/// <summary>How many queries the decode kernels take through the registers at once.</summary>
internal static class KeyLaneGroup
{
    /// <summary>Queries of the next group when so many are left. Eight widen every stored component once for eight queries.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Next<TLanes, TVec>(int left)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct => left == 1 ? 1 : !TLanes.ManyRegisters ? 2 : left > 4 ? 8 : 4;

    /// <summary>Queries rounded up to whole groups. The rest are zeros: loading K and V costs more than computing them.</summary>
    public static int Padded<TLanes, TVec>(int count)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
    {
        int padding = count == 1 ? 1 : TLanes.ManyRegisters ? 4 : 2;
        return (count + padding - 1) / padding * padding;
    }
}
