namespace DistAttention.Engine.Planning;

/// <summary>Says in words why a mask makes blocks unnecessary.</summary>
internal static class SkipReasons
{
    public static string Of(AttentionMask mask) => mask switch
    {
        CausalMask => "later than every query of the tile (causal)",
        _ => $"hidden by the mask '{mask}'",
    };
}
