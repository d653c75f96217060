using DistAttention.Calls;
using DistAttention.Engine.Compute;

namespace DistAttention.Engine.Shards;

/// <summary>Rows for explicit places of one shard.</summary>
/// <param name="Shard">The shard.</param>
/// <param name="Spec">The sequence's shape and storage.</param>
/// <param name="Fence">The reservation's fence: writes of an older one than the shard has seen are refused.</param>
/// <param name="OperationId">The append they belong to.</param>
/// <param name="FirstIdx">Place of the first row, counted from the shard's first position.</param>
/// <param name="Count">Rows.</param>
/// <param name="K">Keys [Count, NumHeadsKv, HeadDim].</param>
/// <param name="V">Values [Count, NumHeadsKv, AppendedHeadDimV].</param>
public readonly record struct ShardWrite(
    ShardId Shard,
    SequenceSpec Spec,
    long Fence,
    OperationId OperationId,
    int FirstIdx,
    int Count,
    ReadOnlyMemory<float> K,
    ReadOnlyMemory<float> V)
{
    /// <summary>Whether <see cref="K"/> is as it is stored already, [Count, NumHeadsKv, StoredHeadDim], projected and turned: rows that a store keeps, and gives back.</summary>
    public bool KeysArePrepared { get; init; }

    /// <summary>Floats of one row of <see cref="K"/>.</summary>
    public int KRow => Spec.NumHeadsKv * (KeysArePrepared ? Spec.StoredHeadDim : Spec.HeadDim);

    /// <summary>Floats of one row of <see cref="V"/>; 0 where values are a part of keys.</summary>
    public int VRow => Spec.NumHeadsKv * Spec.AppendedHeadDimV;

    /// <summary>On whose behalf they are written.</summary>
    public CallerId Caller { get; init; }

    /// <summary>Rows of the shard that were committed before the reservation: its owner must hold them.</summary>
    public int CommittedRows { get; init; }
}
