namespace DistAttention.Kernels;

/// <summary>How many queries the decode kernels take through the registers at once.</summary>
internal static class KeyLaneGroup
{
    /// <summary>Queries per step, for so many in all.</summary>
    public static int Size<TLanes, TVec>(int count)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct => count == 1 ? 1 : TLanes.ManyRegisters ? 4 : 2;

    /// <summary>Queries rounded up to whole steps. The rest are zeros: loading K and V costs more than computing them.</summary>
    public static int Padded<TLanes, TVec>(int count)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
    {
        int size = Size<TLanes, TVec>(count);
        return (count + size - 1) / size * size;
    }
}
