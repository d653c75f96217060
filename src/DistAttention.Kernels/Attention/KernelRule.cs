namespace DistAttention.Kernels;

/// <summary>Which kernel is faster for so many query vectors: the one place where it is decided. Never changes a bit of the result.</summary>
internal static class KernelRule
{
    /// <summary>Query vectors of one decode chunk at most.</summary>
    public const int MaxKeyLaneVectors = 64;

    // Measured time of a tile in cache, head size 64, per query vector computed (in the same arbitrary unit).
    private const int KeyLaneCost = 22;
    private const int KeyLaneCostUncached = 31; // each group of queries then reads the keys of a step from the second-level cache
    private const int QueryLaneCost = 20;
    private const int QueryLaneTileCost = 40;
    private const int WideningCost = 74;
    private const int FirstLevelBytes = 32 << 10; // of the smallest first-level cache in use

    /// <summary>Whether keys and columns side by side are faster than queries side by side.</summary>
    /// <param name="choice">What the caller wants.</param>
    /// <param name="vectors">Query vectors.</param>
    /// <param name="keyBytes">Bytes of one stored key.</param>
    /// <param name="widens">Whether prefill would have to widen each tile of K and V.</param>
    public static bool PrefersKeyLanes<TLanes, TVec>(KernelChoice choice, int vectors, int keyBytes, bool widens)
        where TLanes : struct, ILanes<TVec>
        where TVec : struct
    {
        if (choice != KernelChoice.Measured)
        {
            return choice == KernelChoice.KeyLanes;
        }

        int keyLaneCost = 4 * TLanes.Count * keyBytes > FirstLevelBytes / 2 ? KeyLaneCostUncached : KeyLaneCost;
        int lanes = (vectors + TLanes.Count - 1) / TLanes.Count * TLanes.Count;
        return vectors <= MaxKeyLaneVectors
            && keyLaneCost * KeyLaneGroup.Padded<TLanes, TVec>(vectors) < (QueryLaneCost * lanes) + QueryLaneTileCost + (widens ? WideningCost : 0);
    }
}
