using DistAttention.Engine.Shards;

namespace DistAttention.Grains;

/// <summary>What placement knows of the silos.</summary>
internal interface ISiloMemory
{
    /// <summary>The silo that asks.</summary>
    OwnerId Self { get; }

    /// <summary>The live silo that takes over from one; null if there is no other, or if what one holds cannot be read back by another.</summary>
    /// <param name="owner">A silo, live or not.</param>
    OwnerId? TakesOverFrom(OwnerId owner);

    /// <summary>Live silos that may get something new, in a fixed order.</summary>
    IReadOnlyList<OwnerId> Live();

    /// <summary>Bytes of K/V that a silo said it can still take; null if it has not said.</summary>
    long? FreeBytes(OwnerId owner);
}
