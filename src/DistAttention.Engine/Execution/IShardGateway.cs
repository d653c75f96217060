using DistAttention.Engine.Shards;

namespace DistAttention.Engine.Execution;

/// <summary>Reaches the owners of shards: in this process directly, in a cluster by calls. The only way the engine talks to shards.</summary>
public interface IShardGateway
{
    /// <summary>Writes rows of one shard. Completes when they are resident and the owner's store has taken them.</summary>
    /// <param name="owner">Who holds the shard.</param>
    /// <param name="write">The rows.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="StaleWriteException">The reservation is no longer good.</exception>
    ValueTask WriteAsync(OwnerId owner, ShardWrite write, CancellationToken cancellationToken);

    /// <summary>Whether what is sent to an owner leaves this process.</summary>
    /// <param name="owner">The owner.</param>
    bool IsRemote(OwnerId owner) => false;

    /// <summary>Computes a query tile over the shards one owner holds.</summary>
    /// <param name="owner">The owner.</param>
    /// <param name="request">The tile.</param>
    /// <param name="cancellationToken">Cancels the call; reaches the tile loop.</param>
    /// <returns>The answer; the caller disposes it.</returns>
    ValueTask<TileAnswer> ComputeAsync(OwnerId owner, TileRequest request, CancellationToken cancellationToken);

    /// <summary>Finds where the weight of a query tile goes among the shards one owner holds.</summary>
    /// <param name="owner">The owner.</param>
    /// <param name="request">The tile and the outcome of its first pass.</param>
    /// <param name="cancellationToken">Cancels the call; reaches the tile loop.</param>
    ValueTask<MassAnswer> MassAsync(OwnerId owner, MassRequest request, CancellationToken cancellationToken);

    /// <summary>Makes a shard that starts with another's first rows, where that other one is.</summary>
    /// <param name="owner">Who holds the source, and will hold the new shard.</param>
    /// <param name="shard">The new shard.</param>
    /// <param name="source">The shard it starts with.</param>
    /// <param name="count">Rows to take.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>Whether the source was there.</returns>
    ValueTask<bool> SeedAsync(OwnerId owner, ShardId shard, ShardId source, int count, CancellationToken cancellationToken);

    /// <summary>Lets a sequence hold shards that another one made.</summary>
    /// <param name="owner">Who holds them.</param>
    /// <param name="shards">The shards.</param>
    /// <param name="holder">The sequence.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    ValueTask RetainAsync(OwnerId owner, IReadOnlyList<ShardId> shards, Guid holder, CancellationToken cancellationToken);

    /// <summary>Ends a sequence's hold on shards; what nobody holds is forgotten.</summary>
    /// <param name="owner">Who holds them.</param>
    /// <param name="shards">The shards.</param>
    /// <param name="holder">The sequence.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    ValueTask ReleaseAsync(OwnerId owner, IReadOnlyList<ShardId> shards, Guid holder, CancellationToken cancellationToken);

    /// <summary>Who else may be asked for a part of a tile when its owner is late; null for nobody.</summary>
    /// <param name="owner">The owner.</param>
    /// <param name="request">The part.</param>
    Hedge? HedgeOf(OwnerId owner, TileRequest request) => null;

    /// <summary>
    /// Lets go of rows that were written for an append that was then given up. Only memory is won: rows beyond the
    /// sequence's length are never read, so an owner that does not hear of it answers just as well.
    /// </summary>
    /// <param name="owner">Who holds the shard.</param>
    /// <param name="shard">The shard.</param>
    /// <param name="length">Rows to keep.</param>
    /// <param name="fence">The fence of the append's reservation: once a newer one has written, nothing is let go.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    ValueTask TrimAsync(OwnerId owner, ShardId shard, int length, long fence, CancellationToken cancellationToken) => default;
}
