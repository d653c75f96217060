using DistAttention.Contracts.Access;

namespace DistAttention.Contracts;

/// <summary>
/// Plans a query tile, asks each silo that owns part of it once, verifies, merges and finishes. One worker per silo and key;
/// clients spread their calls over keys, which are small numbers.
/// </summary>
[Alias("DistAttention.IAttentionCoordinatorGrain")]
public interface IAttentionCoordinatorGrain : IGrainWithIntegerKey, ICallSite, IParcelSite
{
    /// <summary>Computes one query tile.</summary>
    /// <param name="call">The tile.</param>
    /// <param name="cancellationToken">Cancels the call; reaches the tile loops.</param>
    [ResponseTimeout(CallLimits.ResponseTimeout)]
    [ClientCall(Rights.Read)]
    [Alias("Attend")]
    Task<AttendReply> AttendAsync(AttendCall call, CancellationToken cancellationToken);

    /// <summary>Finds where the attention of one query tile goes.</summary>
    /// <param name="call">The tile.</param>
    /// <param name="topK">Positions to report per row and head.</param>
    /// <param name="bins">Bins to report.</param>
    /// <param name="cancellationToken">Cancels the call; reaches the tile loops.</param>
    [ResponseTimeout(CallLimits.ResponseTimeout)]
    [ClientCall(Rights.Read)]
    [Alias("Mass")]
    Task<MassReply> MassAsync(AttendCall call, int topK, int bins, CancellationToken cancellationToken);

    /// <summary>Appends a few rows: what fits one message.</summary>
    /// <param name="call">The rows.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    [ResponseTimeout(CallLimits.ResponseTimeout)]
    [ClientCall(Rights.Write)]
    [Alias("Append")]
    Task<AppendResult> AppendAsync(AppendCall call, CancellationToken cancellationToken);

    /// <summary>A decode step: appends a few rows, then computes one query tile over everything up to and including them.</summary>
    /// <param name="append">The rows.</param>
    /// <param name="attend">The tile.</param>
    /// <param name="cancellationToken">Cancels the call; reaches the tile loops.</param>
    [ResponseTimeout(CallLimits.ResponseTimeout)]
    [ClientCall(Rights.Write)]
    [Alias("AppendAndAttend")]
    Task<AttendReply> AppendAndAttendAsync(AppendCall append, AttendCall attend, CancellationToken cancellationToken);

    /// <summary>The plan of a call over a sequence that is not there: its shards are where they would be placed now. Moves no rows.</summary>
    /// <param name="spec">The sequence's shape and storage.</param>
    /// <param name="length">Its positions.</param>
    /// <param name="rows">Query rows.</param>
    /// <param name="how">How they attend.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    [ClientCall(Rights.Read)]
    [Alias("Plan")]
    Task<PlanReply> PlanAsync(Packed<SequenceSpec> spec, long length, long rows, AttendTerms how, CancellationToken cancellationToken);

    /// <summary>Computes tiles of several sequences, side by side.</summary>
    /// <param name="calls">The tiles.</param>
    /// <param name="cancellationToken">Cancels all of them.</param>
    /// <returns>One answer or error per tile, in their order.</returns>
    [ResponseTimeout(CallLimits.ResponseTimeout)]
    [ClientCall(Rights.Read)]
    [Alias("AttendBatch")]
    Task<BatchReply> AttendBatchAsync(BatchCall calls, CancellationToken cancellationToken);
}
