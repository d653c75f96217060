namespace DistAttention;

/// <summary>There is no sequence of that name, or not any more: deleted, or past its <see cref="SequenceSpec.TimeToLive"/>.</summary>
public sealed class SequenceNotFoundException(SequenceId id) : DistAttentionException($"There is no sequence '{id}'.")
{
    /// <summary>The name.</summary>
    public SequenceId Id { get; } = id;
}

/// <summary>A sequence of that name exists already.</summary>
public sealed class SequenceExistsException(SequenceId id) : DistAttentionException($"A sequence '{id}' exists already.")
{
    /// <summary>The name.</summary>
    public SequenceId Id { get; } = id;
}

/// <summary>The sequence was made with an arithmetic that this build does not compute.</summary>
public sealed class ArithmeticVersionException(int stored, int supported)
    : DistAttentionException($"The sequence was made with arithmetic version {stored}; this build computes version {supported}.")
{
    /// <summary>The sequence's version.</summary>
    public int Stored { get; } = stored;

    /// <summary>This build's version.</summary>
    public int Supported { get; } = supported;
}

/// <summary>The rows would not land where the caller said, or the operation id was used for another append.</summary>
public sealed class AppendConflictException(string message) : DistAttentionException(message);

/// <summary>The sequence was truncated or deleted while the call ran, so its snapshot no longer stands.</summary>
public sealed class SnapshotLostException(SequenceId id, SequenceSnapshot snapshot)
    : DistAttentionException($"Sequence '{id}' no longer has epoch {snapshot.Epoch} with {snapshot.Length} positions: it was truncated or deleted meanwhile.")
{
    /// <summary>The sequence.</summary>
    public SequenceId Id { get; } = id;

    /// <summary>What the call was computed against.</summary>
    public SequenceSnapshot Snapshot { get; } = snapshot;

    /// <inheritdoc/>
    public override bool IsTransient => true;
}

/// <summary>Positions that were acknowledged cannot be read: their owner is gone and nothing durable holds them.</summary>
public sealed class ShardLostException(SequenceId id, PositionRange positions, string reason, Exception? inner = null)
    : DistAttentionException($"Positions {positions} of sequence '{id}' are lost: {reason}.", inner)
{
    /// <summary>The sequence.</summary>
    public SequenceId Id { get; } = id;

    /// <summary>The positions.</summary>
    public PositionRange Positions { get; } = positions;

    /// <summary>Why.</summary>
    public string Reason { get; } = reason;
}
