using Orleans.Placement;
using Orleans.Runtime;

namespace DistAttention.Grains;

/// <summary>
/// A grain is where what it speaks for is held. Its activation may end without its silo: the directory entry of a grain lies on some
/// other silo, and when that one is lost the grain is ended and made anew, wherever placement says. In memory, rows and ledgers
/// stay where they were.
/// </summary>
[GenerateSerializer, Immutable, SuppressReferenceTracking]
internal sealed class HolderPlacement : PlacementStrategy
{
    internal static HolderPlacement Singleton { get; } = new();
}

/// <summary>Marks grains that are placed so.</summary>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = false)]
internal sealed class HolderPlacementAttribute() : PlacementAttribute(HolderPlacement.Singleton);
