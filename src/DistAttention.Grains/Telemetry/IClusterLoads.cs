using DistAttention.Contracts;

namespace DistAttention.Grains;

/// <summary>How busy the silos of the cluster are, as seen from this one.</summary>
public interface IClusterLoads
{
    /// <summary>Asks all live silos.</summary>
    /// <returns>Those that answered in time, in the order of their addresses; silos of an earlier version are left out.</returns>
    Task<IReadOnlyList<SiloLoad>> AskAsync();

    /// <summary>The last query rows on a sequence that any silo coordinated while loads were asked for; null if none is known.</summary>
    /// <param name="sequence">The sequence.</param>
    Task<QuerySample?> NewestQueryAsync(Guid sequence);
}
