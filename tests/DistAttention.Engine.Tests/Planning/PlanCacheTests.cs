using DistAttention.Engine.Ledger;
using DistAttention.Engine.Planning;
using DistAttention.Engine.Shards;
using DistAttention.Kernels;

namespace DistAttention.Engine.Tests.Planning;

public sealed class PlanCacheTests
{
    private readonly PlanCache _cache = new();

    [Fact]
    public void TheSameTileIsPlannedOnce()
    {
        LedgerSnapshot snapshot = Snapshot(5000, 0);
        AttentionMask mask = AttentionMask.Causal;
        TilePlan plan = Get(snapshot, mask, 4000, 10);
        Assert.Same(plan, Get(snapshot, mask, 4000, 10));
        Assert.Same(plan, Get(snapshot with { Id = "other" }, mask, 4000, 10));
    }

    [Fact]
    public void WhateverAPlanDependsOnMakesAnother()
    {
        LedgerSnapshot snapshot = Snapshot(5000, 0);
        TilePlan plan = Get(snapshot, AttentionMask.Causal, 4000, 10);
        TilePlan[] others =
        [
            Get(snapshot, AttentionMask.Full, 4000, 10),
            Get(snapshot, AttentionMask.Causal, 2000, 10),
            Get(snapshot, AttentionMask.Causal, 4000, 11),
            Get(snapshot.CutTo(4500), AttentionMask.Causal, 4000, 10),
            Get(Snapshot(5000, 1), AttentionMask.Causal, 4000, 10),
        ];
        Assert.DoesNotContain(plan, others);
    }

    /// <summary>Keys fall on each other's places all the time here.</summary>
    [Fact]
    public void WhatComesFromTheCacheIsWhatPlanningMakes()
    {
        SeededData data = new(1);
        LedgerSnapshot[] snapshots = [Snapshot(5000, 0), Snapshot(5000, 1), Snapshot(700, 2), Snapshot(0, 3)];
        AttentionMask[] masks = [AttentionMask.Full, AttentionMask.Causal];
        for (int i = 0; i < 3000; i++)
        {
            LedgerSnapshot snapshot = snapshots[data.NextInt(snapshots.Length)];
            AttentionMask mask = masks[data.NextInt(2)];
            PositionRange queries = new(data.NextInt(40) * 100, 0);
            queries = queries with { End = queries.Start + 1 + data.NextInt(3) };
            TilePlan found = _cache.Get(snapshot, mask, CompiledMask.Compile(mask), queries);
            TilePlan made = TilePlan.Make(snapshot, CompiledMask.Compile(mask), queries);
            Assert.Equal((made.BlocksVisited, made.BlocksSkipped), (found.BlocksVisited, found.BlocksSkipped));
            Assert.Equal(made.Work.Select(static w => w.Owner), found.Work.Select(static w => w.Owner));
            Assert.Equal(made.Work.SelectMany(static w => w.Nodes), found.Work.SelectMany(static w => w.Nodes));
            Assert.Equal(made.Work.SelectMany(static w => w.Shards), found.Work.SelectMany(static w => w.Shards));
        }
    }

    private TilePlan Get(LedgerSnapshot snapshot, AttentionMask mask, long first, int rows) =>
        _cache.Get(snapshot, mask, CompiledMask.Compile(mask), new PositionRange(first, first + rows));

    private static LedgerSnapshot Snapshot(long length, int owner)
    {
        SequenceSpec spec = new() { HeadDim = 8, ShardLength = 1024 };
        ShardEntry[] shards = new ShardEntry[LedgerSnapshot.ShardCount(length, spec.ShardLength)];
        for (int i = 0; i < shards.Length; i++)
        {
            shards[i] = new ShardEntry(new ShardId(Guid.Empty, i, 0), new OwnerId($"{owner + (i % 2)}"));
        }

        return new LedgerSnapshot("s", spec, new SequenceSnapshot(0, length), shards);
    }
}
