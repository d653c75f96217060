namespace DistAttention.Engine.Planning;

/// <summary>Says in words why a mask makes blocks unnecessary.</summary>
internal static class SkipReasons
{
    public static string Of(AttentionMask mask) => mask switch
    {
        CausalMask => "later than every query of the tile (causal)",
        SlidingWindowMask or LastPositionsMask => $"outside the window of every query of the tile ({mask})",
        StreamingMask => $"neither among the first nor among the last positions of any query of the tile ({mask})",
        ChunkMask => $"in no chunk that a query of the tile sees ({mask})",
        SegmentsMask => $"in no document of the tile's queries ({mask})",
        LongformerMask or BigBirdMask or GlobalMask => $"neither near any query of the tile nor drawn nor global ({mask})",
        ImageMask => $"outside the window of every pixel of the tile ({mask})",
        GraphMask => $"no neighbour of any query of the tile ({mask})",
        BlockSparseMask or BitMask => $"not set for any query of the tile ({mask})",
        IntersectionMask all => string.Join("; or ", all.Masks.Where(static m => m is not FullMask).Select(Of)),
        _ => $"hidden by the mask '{mask}'",
    };
}
