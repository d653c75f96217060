namespace DistAttention.Kernels;

/// <summary>Which kernel is faster for so many query vectors: the one place where it is decided. Never changes a bit of the result.</summary>
internal static class KernelRule
{
    /// <summary>
    /// Query vectors of one decode chunk at most. Up to here decode is the faster one, as measured for every storage type and head sizes
    /// from 64 to 576, where vectors are 512 bits wide: by half at 16 vectors, by 10 to 20 % at 32, by 0 to 8 % at 64.
    /// </summary>
    public const int MaxKeyLaneVectors = 64;

    /// <summary>
    /// The same where registers are fewer and narrower, and where a mask hides parts of what is read: prefill leaves out panels that
    /// nobody sees, and is ahead by 20 % (a window) to 40 % (scattered blocks) at 32 vectors.
    /// </summary>
    private const int FewKeyLaneVectors = 16;

    /// <summary>Whether keys and columns side by side are faster than queries side by side.</summary>
    /// <param name="choice">What the caller wants.</param>
    /// <param name="vectors">Query vectors.</param>
    /// <param name="seesAll">Whether all of them see all positions.</param>
    public static bool PrefersKeyLanes<TLanes, TVec>(KernelChoice choice, int vectors, bool seesAll)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
    {
        bool isWide = TLanes.Count == KvLayout.PanelLength;
        return choice == KernelChoice.Measured
            ? vectors <= (isWide && seesAll ? MaxKeyLaneVectors : FewKeyLaneVectors)
            : choice == KernelChoice.KeyLanes;
    }
}
