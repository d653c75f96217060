using System.Collections.Immutable;
using DistAttention.Engine.Shards;

namespace DistAttention.Engine.Ledger;

/// <summary>What a sequence is: the part of its ledger that must outlive the process. Immutable.</summary>
public sealed record LedgerRecord
{
    /// <summary>Its name.</summary>
    public required SequenceId Id { get; init; }

    /// <summary>Tells it apart from other sequences that had or will have the name.</summary>
    public required Guid Uid { get; init; }

    /// <summary>Its shape and storage.</summary>
    public required SequenceSpec Spec { get; init; }

    /// <summary>Raised by every truncation.</summary>
    public long Epoch { get; init; }

    /// <summary>Committed positions.</summary>
    public long Length { get; init; }

    /// <summary>Raised whenever reservations are thrown away; shards refuse writes of an older fence than they have seen.</summary>
    public long Fence { get; init; }

    /// <summary>Its shards, by index. May run ahead of <see cref="Length"/>.</summary>
    public ImmutableArray<ShardEntry> Shards { get; init; } = [];

    /// <summary>The latest appends, by operation id, so that a repeated one is recognised.</summary>
    public OperationWindow Operations { get; init; } = OperationWindow.Empty;

    /// <summary>The latest use that was noted; kept only where the spec has a time to live.</summary>
    public DateTimeOffset UsedAt { get; init; }

    /// <summary>When the sequence is gone if it is not used until then; null: never.</summary>
    public DateTimeOffset? ExpiresAt => Lifetime.Of(Spec)?.EndAfter(UsedAt);

    /// <summary>What a call is computed against.</summary>
    public SequenceSnapshot Snapshot => new(Epoch, Length);
}
