namespace DistAttention.Contracts;

/// <summary>A committed state of a sequence and where its rows are.</summary>
/// <param name="Handle">The sequence.</param>
/// <param name="State">Epoch and length.</param>
/// <param name="Shards">The shards that hold the length, by index.</param>
[GenerateSerializer, Immutable, Alias("DistAttention.LedgerView")]
public sealed record LedgerView(
    [property: Id(0)] SequenceHandle Handle,
    [property: Id(1)] SequenceSnapshot State,
    [property: Id(2)] ShardMap Shards)
{
    /// <summary>The ledger's fence when it was taken.</summary>
    [Id(3)]
    public long Fence { get; init; }
}

/// <summary>The first state of a sequence that was forked off another one.</summary>
/// <param name="Uid">Its uid.</param>
/// <param name="Spec">Its shape and storage.</param>
/// <param name="Length">Positions shared.</param>
/// <param name="Shards">The shards that hold them.</param>
/// <param name="Fence">The parent's fence, above which its own go on.</param>
[GenerateSerializer, Immutable, Alias("DistAttention.LedgerSeed")]
public sealed record LedgerSeed(
    [property: Id(0)] Guid Uid,
    [property: Id(1)] Packed<SequenceSpec> Spec,
    [property: Id(2)] long Length,
    [property: Id(3)] ShardMap Shards,
    [property: Id(4)] long Fence);

/// <summary>A sequence and its name.</summary>
/// <param name="Name">The name.</param>
/// <param name="Uid">The sequence.</param>
/// <param name="IsWitnessed">Whether its ledger is, or was, on another silo than the one that says so.</param>
[GenerateSerializer, Immutable, Alias("DistAttention.NamedSequence")]
public sealed record NamedSequence(
    [property: Id(0)] string Name,
    [property: Id(1)] Guid Uid,
    [property: Id(2)] bool IsWitnessed = false);

/// <summary>The plan of a call.</summary>
/// <param name="Plan">The plan; null if it is to be fetched.</param>
/// <param name="Parcel">Where to fetch it; null if this is it.</param>
[GenerateSerializer, Immutable, Alias("DistAttention.PlanReply")]
public sealed record PlanReply(
    [property: Id(0)] Packed<AttentionPlan>? Plan,
    [property: Id(1)] Parcel? Parcel = null) : IMayBeParcel;

/// <summary>What is known of a sequence without reading its rows.</summary>
/// <param name="Handle">The sequence.</param>
/// <param name="State">Epoch and length.</param>
/// <param name="ShardCount">Shards that hold at least one committed position.</param>
/// <param name="ResidentBytes">Bytes of native memory that they hold.</param>
[GenerateSerializer, Immutable, Alias("DistAttention.SequenceReport")]
public sealed record SequenceReport(
    [property: Id(0)] SequenceHandle Handle,
    [property: Id(1)] SequenceSnapshot State,
    [property: Id(2)] int ShardCount,
    [property: Id(3)] long ResidentBytes)
{
    /// <summary>When it is gone if nobody uses it until then; null: never.</summary>
    [Id(4)]
    public DateTimeOffset? ExpiresAt { get; init; }
}
