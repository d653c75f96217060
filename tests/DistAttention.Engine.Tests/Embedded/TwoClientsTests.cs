using DistAttention.Engine.Ledger;
using DistAttention.Engine.Shards;

namespace DistAttention.Engine.Tests.Embedded;

/// <summary>Two clients, as of two processes, over the same stores: the later one owns a sequence, and the earlier one never answers from what it remembers.</summary>
public sealed class TwoClientsTests
{
    [Fact]
    public async Task WhoWasReplacedSaysSoAndIsOpenedAnew()
    {
        InMemoryShardStore shards = new();
        InMemoryLedgerStore ledgers = new();
        await using EmbeddedAttention first = new(new EmbeddedOptions { ComputeThreads = 1, ShardStore = shards, LedgerStore = ledgers });
        await using EmbeddedAttention second = new(new EmbeddedOptions { ComputeThreads = 1, ShardStore = shards, LedgerStore = ledgers });
        SequenceSpec spec = new() { HeadDim = 2 };
        float[] rows = [1, 2, 3, 4];
        IAttentionSequence before = await first.CreateSequenceAsync("s", spec);
        await before.AppendAsync(rows, rows);
        IAttentionSequence later = await second.OpenSequenceAsync("s");
        await later.AppendAsync(rows, rows);

        await Assert.ThrowsAsync<LedgerFencedException>(() => before.AttendAsync(new float[] { 1, 1 }));
        await Assert.ThrowsAsync<LedgerFencedException>(() => before.GetInfoAsync());
        IAttentionSequence again = await first.OpenSequenceAsync("s");
        AttentionResult answer = await again.AttendAsync(new float[] { 1, 1 });
        Assert.Equal(4, answer.Summary.Snapshot.Length);
        await Assert.ThrowsAsync<LedgerFencedException>(() => later.AppendAsync(rows, rows));
    }
}
