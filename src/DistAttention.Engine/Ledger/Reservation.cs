using DistAttention.Engine.Shards;

namespace DistAttention.Engine.Ledger;

/// <summary>The ledger's answer to an append that wants room.</summary>
/// <param name="OperationId">The append.</param>
/// <param name="Rows">The positions it may write.</param>
/// <param name="Fence">Goes with every write.</param>
/// <param name="Parts">Where the rows go, in the order of positions. Empty if the append was completed before.</param>
/// <param name="Completed">What it did, if it was completed before; then there is nothing to write.</param>
public sealed record Reservation(
    OperationId OperationId,
    PositionRange Rows,
    long Fence,
    IReadOnlyList<ReservedPart> Parts,
    AppendResult? Completed);

/// <summary>Reserved positions inside one shard.</summary>
/// <param name="Shard">The shard and its owner.</param>
/// <param name="FirstIdx">Place of the first row, counted from the shard's first position.</param>
/// <param name="Offset">Index of that row in the append.</param>
/// <param name="Count">Rows.</param>
/// <param name="CommittedRows">Rows of the shard that were committed before: its owner must hold them.</param>
public readonly record struct ReservedPart(ShardEntry Shard, int FirstIdx, long Offset, int Count, int CommittedRows);
