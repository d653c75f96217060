using DistAttention.Engine.Shards;
using Orleans.Runtime;
using Orleans.Runtime.Placement;

namespace DistAttention.Grains;

/// <summary>Sends grains after what they speak for.</summary>
internal static class Migration
{
    /// <summary>Ends an activation once its calls are done, and makes one on another silo, to which calls that are on their way are sent on.</summary>
    /// <param name="migrate">Does it, by the hint that is set meanwhile.</param>
    /// <param name="to">The silo.</param>
    public static void To(OwnerId to, Action migrate)
    {
        object? before = RequestContext.Get(IPlacementDirector.PlacementHintKey);
        RequestContext.Set(IPlacementDirector.PlacementHintKey, ClusterSilos.AddressOf(to));
        try
        {
            migrate();
        }
        finally
        {
            if (before is null)
            {
                RequestContext.Remove(IPlacementDirector.PlacementHintKey);
            }
            else
            {
                RequestContext.Set(IPlacementDirector.PlacementHintKey, before);
            }
        }
    }
}
