namespace DistAttention.Engine.Shards;

/// <summary>A write came too late: a newer reservation has written to the shard, or no sequence holds it any more. The appender reserves again.</summary>
public sealed class StaleWriteException : DistAttentionException
{
    /// <summary>A newer reservation has written.</summary>
    /// <param name="shard">The shard.</param>
    /// <param name="fence">The write's fence.</param>
    /// <param name="current">The fence the shard has seen.</param>
    public StaleWriteException(ShardId shard, long fence, long current)
        : base($"A write of fence {fence} reached shard {shard} after one of fence {current}.")
    {
    }

    /// <summary>No sequence holds the shard any more.</summary>
    /// <param name="shard">The shard.</param>
    public StaleWriteException(ShardId shard)
        : base($"A write reached shard {shard}, which no sequence holds any more.")
    {
    }

    /// <inheritdoc/>
    public override bool IsTransient => true;
}
