using DistAttention.Engine.Ledger;
using DistAttention.Engine.Shards;
using DistAttention.Engine.Tests.Embedded;

namespace DistAttention.Engine.Tests.Ledger;

/// <summary>Stores that outlive the client, as files would outlive the process.</summary>
internal sealed class InMemoryStores
{
    public InMemoryLedgerStore Ledgers { get; } = new();

    public InMemoryShardStore Shards { get; } = new();

    public EmbeddedAttention Client() => Runs.Client(2, o =>
    {
        o.LedgerStore = Ledgers;
        o.ShardStore = Shards;
    });
}
