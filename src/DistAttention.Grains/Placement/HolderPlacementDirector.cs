using DistAttention.Contracts;
using Orleans.Runtime;
using Orleans.Runtime.Placement;

namespace DistAttention.Grains;

/// <summary>Goes by the hint of the call; without one, asks the silos who holds what the grain speaks for; where nobody does, takes any that stays.</summary>
internal sealed class HolderPlacementDirector(ShardHostClient hosts, ClusterSilos known) : IPlacementDirector
{
    /// <summary>How long an answer is waited for. A silo that was lost a moment ago and does not answer is not the holder.</summary>
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(1);

    public async Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        SiloAddress[] silos = context.GetCompatibleSilos(target);
        if (IPlacementDirector.GetPlacementHint(target.RequestContextData, silos) is { } hint)
        {
            return hint;
        }

        string key = target.GrainIdentity.Key.ToString()!;
        await foreach (Task<SiloAddress?> answer in Task.WhenEach(silos.Select(silo => HoldsAsync(silo, target.GrainIdentity.Type.ToString()!, key))))
        {
            if (await answer is { } holder)
            {
                return holder;
            }
        }

        SiloAddress[] staying = [.. silos.Where(silo => !known.IsLeaving(ClusterSilos.OwnerOf(silo)))];
        silos = staying.Length > 0 ? staying : silos;
        return silos[Random.Shared.Next(silos.Length)];
    }

    private async Task<SiloAddress?> HoldsAsync(SiloAddress silo, string grainType, string key)
    {
        try
        {
            return await hosts.On(silo).HoldsAsync(grainType, key).WaitAsync(_patience) ? silo : null;
        }
        catch (Exception e) when (e is OrleansException or TimeoutException)
        {
            return null;
        }
    }
}
