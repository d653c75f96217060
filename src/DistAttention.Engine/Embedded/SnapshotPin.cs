using DistAttention.Engine.Ledger;
using DistAttention.Engine.Shards;

namespace DistAttention.Engine;

/// <summary>Keeps a snapshot's shards while a call runs, whatever is truncated or deleted meanwhile.</summary>
internal readonly struct SnapshotPin : IDisposable
{
    private readonly ShardRegistry _registry;

    private SnapshotPin(ShardRegistry registry, LedgerSnapshot snapshot)
    {
        _registry = registry;
        Snapshot = snapshot;
    }

    public LedgerSnapshot Snapshot { get; }

    public static SnapshotPin? TryTake(ShardRegistry registry, LedgerSnapshot snapshot) =>
        registry.TryPin(snapshot.Shards.Span) ? new SnapshotPin(registry, snapshot) : null;

    public void Dispose() => _registry.Unpin(Snapshot.Shards.Span);
}
