using DistAttention.Contracts.Access;
using Orleans.Concurrency;

namespace DistAttention.Contracts;

/// <summary>
/// The ledger of one sequence, the single writer of (epoch, length); its key is the sequence's name. Calls carry the uid that
/// the handle was given, so that a handle never speaks of a later sequence of the same name.
/// </summary>
[Alias("DistAttention.ISequenceGrain")]
public interface ISequenceGrain : IGrainWithStringKey, IParcelSite
{
    /// <summary>Creates the sequence. Repeating it with the same uid changes nothing.</summary>
    /// <param name="uid">Tells it apart from other sequences that had or will have the name; the caller makes it.</param>
    /// <param name="spec">Its shape and storage.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    [ClientCall(Rights.Write)]
    [Alias("Create")]
    Task<SequenceHandle> CreateAsync(Guid uid, Packed<SequenceSpec> spec, CancellationToken cancellationToken);

    /// <summary>Creates the sequence as a fork that another one has prepared.</summary>
    /// <param name="seed">Its first state.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    [Alias("Adopt")]
    Task<SequenceHandle> AdoptAsync(LedgerSeed seed, CancellationToken cancellationToken);

    /// <summary>Opens the sequence.</summary>
    /// <param name="cancellationToken">Cancels the call.</param>
    [ClientCall(Rights.Read)]
    [Alias("Open")]
    Task<SequenceHandle> OpenAsync(CancellationToken cancellationToken);

    /// <summary>Deletes the sequence.</summary>
    /// <param name="uid">The sequence meant; null for whichever has the name, if its ledger is lost.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="SequenceNotFoundException">There is none; to whoever repeats the call, the sign that it was done.</exception>
    [ClientCall(Rights.Write)]
    [Alias("Delete")]
    Task DeleteAsync(Guid? uid, CancellationToken cancellationToken);

    /// <summary>Deletes the sequence of this name if it is past its time to live.</summary>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>Whether it was deleted by this call.</returns>
    [Alias("Expire")]
    Task<bool> ExpireAsync(CancellationToken cancellationToken);

    /// <summary>Makes a new sequence that shares this one's first positions. Repeating it with the same new uid changes nothing.</summary>
    /// <param name="uid">The sequence meant.</param>
    /// <param name="forkUid">Uid of the new one; the caller makes it.</param>
    /// <param name="name">Name of the new one.</param>
    /// <param name="length">Positions to share; null for all.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    [ClientCall(Rights.Write)]
    [Alias("Fork")]
    Task<SequenceHandle> ForkAsync(Guid uid, Guid forkUid, string name, long? length, CancellationToken cancellationToken);

    /// <summary>Keeps the first positions. Repeating it under the same id changes nothing.</summary>
    /// <param name="uid">The sequence meant.</param>
    /// <param name="operation">Names the cut.</param>
    /// <param name="length">Positions to keep.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    [ClientCall(Rights.Write)]
    [Alias("Truncate")]
    Task<SequenceSnapshot> TruncateAsync(Guid uid, OperationId operation, long length, CancellationToken cancellationToken);

    /// <summary>The latest committed state and where its rows are.</summary>
    /// <param name="uid">The sequence meant.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    [ReadOnly]
    [AlwaysInterleave]
    [ClientCall(Rights.Read)]
    [Alias("GetSnapshot")]
    Task<LedgerView> GetSnapshotAsync(Guid uid, CancellationToken cancellationToken);

    /// <summary>Reserves room for an append, or renews or recalls what it got before; chooses owners of new shards.</summary>
    /// <param name="uid">The sequence meant.</param>
    /// <param name="operation">The append.</param>
    /// <param name="count">Rows.</param>
    /// <param name="expectedPosition">Where the first row must land; null for wherever the sequence ends.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    [ClientCall(Rights.Write)]
    [Alias("Reserve")]
    Task<ReservationView> ReserveAsync(Guid uid, OperationId operation, long count, long? expectedPosition, CancellationToken cancellationToken);

    /// <summary>Says that all rows of a reservation are written. Completes when the length has moved over them.</summary>
    /// <param name="uid">The sequence meant.</param>
    /// <param name="operation">The append.</param>
    /// <param name="rows">The positions reserved.</param>
    /// <param name="fence">The reservation's fence, under which they were written.</param>
    /// <param name="cancellationToken">Cancels the waiting.</param>
    /// <exception cref="ReservationGoneException">It was thrown away meanwhile: reserve again.</exception>
    [ResponseTimeout(CallLimits.CommitTimeout)]
    [ClientCall(Rights.Write)]
    [Alias("Commit")]
    Task<AppendResult> CommitAsync(Guid uid, OperationId operation, PositionRange rows, long fence, CancellationToken cancellationToken);

    /// <summary>Gives a reservation up.</summary>
    /// <param name="uid">The sequence meant.</param>
    /// <param name="operation">The append.</param>
    /// <returns>Whether there was one to give up.</returns>
    [ClientCall(Rights.Write)]
    [Alias("Abort")]
    Task<bool> AbortAsync(Guid uid, OperationId operation);

    /// <summary>What is known of the sequence without reading its rows.</summary>
    /// <param name="uid">The sequence meant; null for the one of this name.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    [ReadOnly]
    [AlwaysInterleave]
    [ClientCall(Rights.Read)]
    [Alias("GetInfo")]
    Task<SequenceReport> GetInfoAsync(Guid? uid, CancellationToken cancellationToken);

    /// <summary>The plan that a call would follow.</summary>
    /// <param name="uid">The sequence meant.</param>
    /// <param name="rows">Query rows.</param>
    /// <param name="how">How they attend.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    [ReadOnly]
    [AlwaysInterleave]
    [ClientCall(Rights.Read)]
    [Alias("Explain")]
    Task<PlanReply> ExplainAsync(Guid uid, long rows, AttendTerms how, CancellationToken cancellationToken);

    /// <summary>Gives shards whose owner does not answer to other owners, where these can read them back.</summary>
    /// <param name="uid">The sequence meant.</param>
    /// <param name="shards">The shards.</param>
    /// <param name="unreachable">The owner that does not answer.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>Where they are now, in the order given, without those that are no longer part of the sequence.</returns>
    [ClientCall(Rights.Write)]
    [Alias("Reassign")]
    Task<ShardMap> ReassignAsync(Guid uid, ShardRef[] shards, string unreachable, CancellationToken cancellationToken);

    /// <summary>Tells the ledger where a shard was found.</summary>
    /// <param name="uid">The sequence meant.</param>
    /// <param name="shard">The shard.</param>
    /// <param name="owner">Who holds it.</param>
    [ClientCall(Rights.Write)]
    [Alias("Found")]
    Task FoundAsync(Guid uid, ShardRef shard, string owner);

    /// <summary>Gives shards to another owner while the one that has them lives; where shards are nowhere else than in memory, their rows are sent there first.</summary>
    /// <param name="uid">The sequence meant.</param>
    /// <param name="shards">The shards.</param>
    /// <param name="from">Their owner. What is not its any more stays where it is.</param>
    /// <param name="to">Who is to have them.</param>
    /// <returns>Where they are now, in the order given, without those that are no longer part of the sequence.</returns>
    [ResponseTimeout(CallLimits.ResponseTimeout)]
    [Alias("HandOver")]
    Task<ShardMap> HandOverAsync(Guid uid, ShardRef[] shards, string from, string to);

    /// <summary>Gives the ledger to another silo, where ledgers are nowhere else than in memory. Elsewhere it moves when it is asked for, and this does nothing.</summary>
    /// <param name="uid">The sequence meant.</param>
    /// <param name="to">The silo.</param>
    /// <returns>Whether it has moved.</returns>
    [Alias("MoveLedger")]
    Task<bool> MoveLedgerAsync(Guid uid, string to);
}
