using System.Diagnostics;
using DistAttention.Engine.Compute;
using DistAttention.Engine.Execution;
using DistAttention.Engine.Memory;
using DistAttention.Engine.Replicas;
using DistAttention.Engine.Shards;
using DistAttention.Kernels;
using DistAttention.Simulator.Disks;

namespace DistAttention.Storage.Tests.Replicas;

/// <summary>Two processes with one storage: one writes a shard, the other keeps it warm.</summary>
public sealed class ShardFollowerTests : IDisposable
{
    private static readonly AttentionProblem _problem = new() { Seed = 310, NumHeadsKv = 1, HeadDim = 4, HeadDimV = 4, Length = 1024, Rows = 1 };
    private static readonly SequenceSpec _spec = _problem.Spec();
    private static readonly long _blockBytes = KvLayout.Of(_spec).BlockBytes;

    private readonly SimulatedVolume _volume = new();
    private readonly ComputePool _pool = new(1, 100);
    private readonly ShardId _id = new(Guid.NewGuid(), 0, 0);
    private readonly List<IDisposable> _ending = [];

    public void Dispose()
    {
        _ending.ForEach(static e => e.Dispose());
        _pool.Dispose();
    }

    [Fact]
    public async Task WhatIsCommittedIsReadWithoutBeingAskedFor()
    {
        ShardService owner = new(Registry(), _pool);
        ShardRegistry copies = Registry();
        using ShardFollower follower = new(copies, TimeProvider.System);
        await WriteAsync(owner, 0, 300);
        follower.Follow([Note(300)]);
        await UntilAsync(() => RowsOf(copies) == 300);
        await WriteAsync(owner, 300, 200);
        follower.Follow([Note(400), Note(500)]);
        follower.Follow([Note(450)]); // a note that was overtaken takes nothing back
        await UntilAsync(() => RowsOf(copies) == 500);
        Assert.Equal(2 * _blockBytes, copies.ResidentBytes(_id));
    }

    [Fact]
    public async Task RowsThatAreNotCommittedAreNotRead()
    {
        ShardService owner = new(Registry(), _pool);
        ShardRegistry copies = Registry();
        using ShardFollower follower = new(copies, TimeProvider.System);
        await WriteAsync(owner, 0, 300);
        follower.Follow([Note(200)]);
        await UntilAsync(() => RowsOf(copies) == 200);
    }

    [Fact]
    public async Task ACopyThatIsNotWantedGivesItsMemoryBack()
    {
        ShardService owner = new(Registry(), _pool);
        ShardRegistry copies = Registry();
        using ShardFollower follower = new(copies, TimeProvider.System);
        await WriteAsync(owner, 0, 300);
        follower.Follow([Note(300)]);
        await UntilAsync(() => RowsOf(copies) == 300);
        follower.Unfollow(_id);
        Assert.Equal(0, copies.Budget.UsedBytes);
    }

    [Fact]
    public async Task ACopyTakesNobodysMemory()
    {
        ShardService owner = new(Registry(), _pool);
        ShardRegistry copies = Registry(new ByteBudget(2 * _blockBytes));
        ShardId mine = new(Guid.NewGuid(), 0, 0);
        await new ShardService(copies, _pool).WriteAsync(Write(0, 256) with { Shard = mine }, default);
        await WriteAsync(owner, 0, 512);
        using ShardFollower follower = new(copies, TimeProvider.System);
        follower.Follow([Note(512)]); // there is room for half of it

        // Of two notes the second is read after the first: that one was left out for good.
        ShardId other = new(Guid.NewGuid(), 0, 0);
        await owner.WriteAsync(Write(0, 10) with { Shard = other }, default);
        follower.Follow([Note(10) with { Id = other }]);
        await UntilAsync(() => copies.ResidentBytes(other) > 0);
        Assert.Equal(0, copies.ResidentBytes(_id));
        Assert.Equal(_blockBytes, copies.ResidentBytes(mine));
    }

    [Fact]
    public async Task WhatCannotBeReadIsLeftAndTheRestGoesOn()
    {
        ShardService owner = new(Registry(), _pool);
        ShardRegistry copies = Registry();
        using ShardFollower follower = new(copies, TimeProvider.System);
        await WriteAsync(owner, 0, 300);
        string log = Assert.Single(_volume.Paths(".kvlog"));
        byte[] good = _volume.Bytes(log);
        byte[] bad = [.. good];
        bad[good.Length / 2] ^= 1;
        _volume.Plant(log, bad);
        ShardId other = new(Guid.NewGuid(), 0, 0);
        await owner.WriteAsync(Write(0, 10) with { Shard = other }, default);
        follower.Follow([Note(300), Note(10) with { Id = other }]);
        await UntilAsync(() => copies.ResidentBytes(other) > 0);
        Assert.Equal(0, copies.ResidentBytes(_id));
        _volume.Plant(log, good);
        follower.Follow([Note(300)]);
        await UntilAsync(() => RowsOf(copies) == 300);
    }

    private ShardRegistry Registry(ByteBudget? budget = null)
    {
        FileShardStore store = new(_volume);
        ShardRegistry registry = new(budget ?? new ByteBudget(long.MaxValue), store);
        _ending.AddRange([registry, store]);
        return registry;
    }

    private FollowedShard Note(int rows) => new(_id, rows, 1, (rows + 255) / 256 * _blockBytes);

    private ShardWrite Write(int first, int count) =>
        new(_id, _spec, 1, OperationId.New(), first, count, _problem.KRows(first, count), _problem.VRows(first, count)) { CommittedRows = first };

    private ValueTask WriteAsync(ShardService owner, int first, int count) => owner.WriteAsync(Write(first, count), default);

    private int RowsOf(ShardRegistry registry)
    {
        using Lease lease = new(registry.TryLease(_id));
        return lease.Shard?.ContiguousLength ?? 0;
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        long started = Stopwatch.GetTimestamp();
        while (!holds())
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(20), "the copy is not read");
            await Task.Delay(5); // nobody is told of it: that is the point
        }
    }

    private sealed record Lease(Shard? Shard) : IDisposable
    {
        public void Dispose() => Shard?.Release();
    }
}
