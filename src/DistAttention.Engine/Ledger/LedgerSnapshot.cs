using DistAttention.Engine.Shards;

namespace DistAttention.Engine.Ledger;

/// <summary>A committed state of a sequence and where its rows are.</summary>
/// <param name="Id">The sequence.</param>
/// <param name="Spec">Its shape and storage.</param>
/// <param name="State">Epoch and length.</param>
/// <param name="Shards">The shards that hold the length, by index.</param>
public sealed record LedgerSnapshot(SequenceId Id, SequenceSpec Spec, SequenceSnapshot State, ReadOnlyMemory<ShardEntry> Shards)
{
    /// <summary>The record it was taken of, if the ledger is in this process.</summary>
    internal LedgerRecord? Record { get; init; }

    /// <summary>The ledger's fence when it was taken.</summary>
    public long Fence { get; init; }

    /// <summary>What a committed state comes to.</summary>
    /// <param name="record">The state.</param>
    public static LedgerSnapshot Of(LedgerRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        int shards = ShardCount(record.Length, record.Spec.ShardLength);
        return new LedgerSnapshot(record.Id, record.Spec, record.Snapshot, record.Shards.AsMemory()[..shards]) { Fence = record.Fence, Record = record };
    }

    /// <summary>The same state cut to fewer positions.</summary>
    /// <param name="length">Positions to keep.</param>
    public LedgerSnapshot CutTo(long length)
    {
        int shards = ShardCount(length, Spec.ShardLength);
        return this with { State = State with { Length = length }, Shards = Shards[..shards] };
    }

    /// <summary>Shards that hold at least one of the first <paramref name="length"/> positions.</summary>
    /// <param name="length">Positions.</param>
    /// <param name="shardLength">Positions per shard.</param>
    public static int ShardCount(long length, int shardLength) => (int)((length + shardLength - 1) / shardLength);
}
