using System.Collections.Immutable;
using DistAttention.Engine.Shards;

namespace DistAttention.Engine.Ledger;

/// <summary>Chooses who will hold a new shard.</summary>
public interface IShardPlacement
{
    /// <summary>Chooses the owner of the shard after the last of <paramref name="shards"/>.</summary>
    /// <param name="spec">The sequence's shape and what is expected of it.</param>
    /// <param name="shards">The shards it has.</param>
    /// <param name="end">Positions that the sequence is about to have.</param>
    OwnerId Choose(SequenceSpec spec, ImmutableArray<ShardEntry> shards, long end);

    /// <summary>Chooses another owner for a shard whose owner does not answer; null if nobody else can read it back.</summary>
    /// <param name="spec">The sequence's shape and what is expected of it.</param>
    /// <param name="shards">The shards it has.</param>
    /// <param name="index">The shard.</param>
    OwnerId? ChooseInstead(SequenceSpec spec, ImmutableArray<ShardEntry> shards, int index) => null;
}

/// <summary>Everything is held by this process.</summary>
public sealed class LocalPlacement : IShardPlacement
{
    /// <inheritdoc/>
    public OwnerId Choose(SequenceSpec spec, ImmutableArray<ShardEntry> shards, long end) => OwnerId.Local;
}
