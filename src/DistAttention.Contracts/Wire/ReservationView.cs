namespace DistAttention.Contracts;

/// <summary>The ledger's answer to an append that wants room.</summary>
/// <param name="Operation">The append.</param>
/// <param name="Rows">The positions it may write.</param>
/// <param name="Fence">Goes with every write.</param>
/// <param name="Parts">Where the rows go, in the order of positions.</param>
/// <param name="Completed">What the append did, if it was completed before; then there is nothing to write.</param>
[GenerateSerializer, Immutable, Alias("DistAttention.ReservationView")]
public sealed record ReservationView(
    [property: Id(0)] OperationId Operation,
    [property: Id(1)] PositionRange Rows,
    [property: Id(2)] long Fence,
    [property: Id(3)] ReservedSlice[] Parts,
    [property: Id(4)] AppendResult? Completed);

/// <summary>Reserved positions inside one shard.</summary>
/// <param name="Shard">The shard.</param>
/// <param name="Owner">Who is to hold it.</param>
/// <param name="FirstIdx">Place of the first row, counted from the shard's first position.</param>
/// <param name="Offset">Index of that row in the append.</param>
/// <param name="Count">Rows.</param>
/// <param name="CommittedRows">Rows of the shard that were committed before: it must hold them.</param>
/// <param name="Grant">Lets a client write them; null where everybody may.</param>
[GenerateSerializer, Immutable, Alias("DistAttention.ReservedSlice")]
public readonly record struct ReservedSlice(
    [property: Id(0)] ShardRef Shard,
    [property: Id(1)] string Owner,
    [property: Id(2)] int FirstIdx,
    [property: Id(3)] long Offset,
    [property: Id(4)] int Count,
    [property: Id(5)] int CommittedRows,
    [property: Id(6)] byte[]? Grant = null);
