namespace DistAttention.Engine.Execution;

/// <summary>The merged partial of a tile over everything it sees.</summary>
/// <param name="Root">The partial; whoever holds this disposes it.</param>
/// <param name="BlocksVisited">Blocks computed.</param>
/// <param name="BlocksSkipped">Blocks the mask made unnecessary.</param>
/// <param name="Partials">Partials merged here.</param>
/// <param name="Retries">Parts asked for again.</param>
public sealed record TileOutcome(PooledPartial Root, long BlocksVisited, long BlocksSkipped, int Partials, int Retries) : IDisposable
{
    /// <summary>The tile as its owners took it: queries projected and turned.</summary>
    public required TileQuery Prepared { get; init; }

    /// <summary>What its steps took, all but the last one.</summary>
    public AttentionActuals Actuals { get; init; }

    /// <inheritdoc/>
    public void Dispose() => Root.Dispose();
}
