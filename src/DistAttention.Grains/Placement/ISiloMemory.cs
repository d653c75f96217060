using DistAttention.Engine.Shards;

namespace DistAttention.Grains;

/// <summary>What placement knows of the silos.</summary>
internal interface ISiloMemory
{
    /// <summary>The silo that asks.</summary>
    OwnerId Self { get; }

    /// <summary>Live silos, in a fixed order.</summary>
    IReadOnlyList<OwnerId> Live();

    /// <summary>Bytes of K/V that a silo said it can still take; null if it has not said.</summary>
    long? FreeBytes(OwnerId owner);
}
