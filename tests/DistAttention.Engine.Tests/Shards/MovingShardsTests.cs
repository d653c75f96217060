using DistAttention.Engine.Compute;
using DistAttention.Engine.Execution;
using DistAttention.Engine.Memory;
using DistAttention.Engine.Shards;
using DistAttention.Engine.Tests.Embedded;
using DistAttention.Kernels;

namespace DistAttention.Engine.Tests.Shards;

/// <summary>A shard whose rows are in memory only goes from one process to another.</summary>
public sealed class MovingShardsTests : IDisposable
{
    private static readonly AttentionProblem _problem = new() { Seed = 73, Length = 1024, HeadDim = 4, HeadDimV = 4 };
    private static readonly SequenceSpec _spec = _problem.Spec(1024);
    private static readonly int _blockBytes = (int)KvLayout.Of(_spec).BlockBytes;

    private readonly ComputePool _pool = new(1, 100);
    private readonly ByteBudget _oldBudget = new(long.MaxValue);
    private readonly ByteBudget _newBudget = new(4 * _blockBytes);
    private readonly ShardRegistry _old;
    private readonly ShardRegistry _new;
    private readonly ShardId _id = new(Guid.NewGuid(), 0, 0);

    public MovingShardsTests()
    {
        _old = new ShardRegistry(_oldBudget, new ResidentShardStore());
        _new = new ShardRegistry(_newBudget, new ResidentShardStore());
    }

    public void Dispose()
    {
        _pool.Dispose();
        _old.Dispose();
        _new.Dispose();
        Assert.Equal((0, 0), (_oldBudget.UsedBytes, _newBudget.UsedBytes));
    }

    [Fact]
    public async Task RowsArriveWhileOthersAreWritten()
    {
        await WriteAsync(_old, 0, 600, fence: 1);
        Copy(from: 0, rows: 600, mostBytes: _blockBytes);
        Assert.Null(_new.TryLease(_id)); // nobody sees it yet
        await WriteAsync(_old, 600, 100, fence: 1);

        Assert.True(_old.GiveAway(_id, 700, fence: 5));
        await Assert.ThrowsAsync<StaleWriteException>(async () => await WriteAsync(_old, 700, 10, fence: 5));
        Copy(from: 600 / SequenceFormat.BlockLength, rows: 700, mostBytes: int.MaxValue);
        Assert.True(_new.Adopt(_id, 700, fence: 5));
        Assert.Equal(Blocks(_old, 700), Blocks(_new, 700));

        // Late writes are refused at both ends, new ones are taken at the new one.
        await Assert.ThrowsAsync<StaleWriteException>(async () => await WriteAsync(_new, 700, 10, fence: 4));
        await WriteAsync(_new, 700, 324, fence: 5);
        using ShardRegistry whole = new(new ByteBudget(long.MaxValue), new ResidentShardStore());
        await WriteAsync(whole, 0, 1024, fence: 1);
        Assert.Equal(Blocks(whole, 1024), Blocks(_new, 1024));

        // The old one answers for what it has until it is dropped.
        Shard reader = _old.TryLease(_id)!;
        BlockTable table = reader.LeaseTable(700);
        _old.Drop(_id);
        Assert.Null(_old.TryLease(_id));
        Assert.True(_oldBudget.UsedBytes > 0);
        table.Release();
        reader.Release();
        Assert.Equal(0, _oldBudget.UsedBytes);
        Assert.True(_old.IsGivenAway(_id));

        // And it can come back.
        Assert.True(_new.GiveAway(_id, 1024, fence: 6));
        _old.Receive(_id, _spec, 0, _new.CopyBlocks(_id, 1024, 0, int.MaxValue));
        Assert.True(_old.Adopt(_id, 1024, fence: 6));
        Assert.False(_old.IsGivenAway(_id));
        _old.Drop(_id); // as whoever gave it away the first time may say late
        Assert.Equal(Blocks(whole, 1024), Blocks(_old, 1024));
    }

    [Fact]
    public async Task WhatDoesNotComeAfterAllLeavesNothingBehind()
    {
        await WriteAsync(_old, 0, 600, fence: 1);
        Assert.Null(_old.CopyBlocks(_id, 601, 0, int.MaxValue));
        Assert.False(_old.GiveAway(_id, 601, fence: 2));
        Assert.False(_new.Adopt(_id, 600, fence: 2));
        Copy(from: 0, rows: 600, mostBytes: int.MaxValue);
        Assert.True(_old.GiveAway(_id, 600, fence: 2));
        _old.KeepAfterAll(_id);
        _new.Refuse(_id);
        Assert.Equal(0, _newBudget.UsedBytes);
        _old.Drop(_id); // it is not given away: it stays
        await WriteAsync(_old, 600, 10, fence: 2);
        Assert.Equal(610, Rows(_old));
    }

    [Fact]
    public async Task WhoHasNoRoomSaysSoAndWhoSendsSomethingElseIsRefused()
    {
        await WriteAsync(_old, 0, 1024, fence: 1);
        ByteBudget small = new(2 * _blockBytes);
        using ShardRegistry full = new(small, new ResidentShardStore());
        byte[] blocks = _old.CopyBlocks(_id, 1024, 0, int.MaxValue)!;
        Assert.Equal(4 * _blockBytes, blocks.Length);
        Assert.Throws<CapacityExceededException>(() => full.Receive(_id, _spec, 0, blocks));
        Assert.Throws<InvalidSpecException>(() => full.Receive(_id, _spec, 0, blocks.AsSpan(1)));
        Assert.Throws<InvalidSpecException>(() => full.Receive(_id, _spec, 3, blocks.AsSpan(0, 2 * _blockBytes)));
        Assert.Throws<InvalidSpecException>(() => full.Receive(_id, _spec, -1, blocks.AsSpan(0, _blockBytes)));
        full.Receive(_id, _spec, 0, blocks.AsSpan(0, _blockBytes));
        Assert.Throws<InvalidOperationException>(() => full.Adopt(_id, 1024, fence: 2));
    }

    private void Copy(int from, int rows, int mostBytes)
    {
        int next = from;
        while (_old.CopyBlocks(_id, rows, next, mostBytes) is { Length: > 0 } blocks)
        {
            next = _new.Receive(_id, _spec, next, blocks);
        }

        Assert.Equal((rows + SequenceFormat.BlockLength - 1) / SequenceFormat.BlockLength, next);
    }

    private static byte[] Blocks(ShardRegistry registry, int rows)
    {
        return [.. Enumerable.Range(0, (rows + SequenceFormat.BlockLength - 1) / SequenceFormat.BlockLength).SelectMany(block =>
        {
            Shard shard = registry.TryLease(new ShardId(registry.Residents()[0].Id.Sequence, 0, 0))!;
            BlockTable table = shard.LeaseTable(rows);
            byte[] bytes = table.Blocks[block].Bytes.ToArray();
            table.Release();
            shard.Release();
            return bytes;
        })];
    }

    private int Rows(ShardRegistry registry)
    {
        Shard shard = registry.TryLease(_id)!;
        int rows = shard.ContiguousLength;
        shard.Release();
        return rows;
    }

    private Task WriteAsync(ShardRegistry registry, int first, int count, long fence) => new ShardService(registry, _pool).WriteAsync(
        new ShardWrite(_id, _spec, fence, OperationId.New(), first, count, _problem.KRows(first, count), _problem.VRows(first, count)) { CommittedRows = first }, default).AsTask();
}
