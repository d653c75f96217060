using DistAttention.Contracts.Access;
using Orleans.Concurrency;

namespace DistAttention.Contracts;

/// <summary>
/// Owns the rows of one shard, in the memory of the silo it is active on; its key is the shard's id. The first call carries the
/// owner that the ledger chose as a placement hint. Reads do not come this way: a silo's service finds its shards itself.
/// </summary>
[Alias("DistAttention.IKvShardGrain")]
public interface IKvShardGrain : IGrainWithStringKey, ICallSite
{
    /// <summary>Writes rows. Completes when they are resident.</summary>
    /// <param name="write">The rows.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The silo they are on.</returns>
    /// <exception cref="ReservationGoneException">A newer reservation has written, or no sequence holds the shard any more.</exception>
    [ResponseTimeout(CallLimits.ResponseTimeout)]
    [ClientCall(Rights.Write)]
    [Alias("Write")]
    Task<string> WriteAsync(WriteCall write, CancellationToken cancellationToken);

    /// <summary>Starts this shard with the first rows of another on the same silo.</summary>
    /// <param name="source">The other shard.</param>
    /// <param name="count">How many rows.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>Whether the other shard was there.</returns>
    [Alias("Seed")]
    Task<bool> SeedAsync(ShardRef source, int count, CancellationToken cancellationToken);

    /// <summary>Lets go of rows that were written for an append that was then given up.</summary>
    /// <param name="length">Rows to keep.</param>
    /// <param name="fence">The fence of the append's reservation: once a newer one has written, nothing is let go.</param>
    /// <param name="spec">The sequence's shape and storage.</param>
    /// <param name="grant">What the reservation gave a client to show.</param>
    [ClientCall(Rights.Write)]
    [Alias("Trim")]
    Task TrimAsync(int length, long fence, Packed<SequenceSpec> spec, byte[]? grant);

    /// <summary>Where the shard is, and how many rows it holds from its first on.</summary>
    [AlwaysInterleave]
    [Alias("Find")]
    Task<ShardWhereabouts> FindAsync();
}
