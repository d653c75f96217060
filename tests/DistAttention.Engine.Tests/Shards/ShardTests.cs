using DistAttention.Engine.Compute;
using DistAttention.Engine.Execution;
using DistAttention.Engine.Memory;
using DistAttention.Engine.Planning;
using DistAttention.Engine.Shards;
using DistAttention.Engine.Tests.Embedded;
using DistAttention.Kernels;

namespace DistAttention.Engine.Tests.Shards;

public sealed class ShardTests
{
    private static readonly AttentionProblem _problem = new() { Seed = 71, Length = 1024, NumHeadsKv = 2, HeadDim = 4, HeadDimV = 3 };
    private static readonly SequenceSpec _spec = _problem.Spec(1024);
    private static readonly long _blockBytes = KvLayout.Of(_spec).BlockBytes;
    private static readonly ShardId _id = new(Guid.NewGuid(), 0, 0);

    private readonly ByteBudget _budget = new(100 * _blockBytes);

    /// <summary>Writes in any order, whole or given up: what counts as written is what a set of rows says.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void TheWrittenLengthIsThatOfTheRowsWithoutAGap(int seed)
    {
        SeededData data = new((ulong)seed);
        Shard shard = new(_id, _spec, _budget);
        bool[] written = new bool[1024];
        List<ShardWrite> running = [];
        for (int step = 0; step < 400; step++)
        {
            if (running.Count < 4 && data.NextInt(2) == 0)
            {
                int first = data.NextInt(1024);
                ShardWrite write = Write(first, data.NextInt(Math.Min(40, 1024 - first)) + 1);
                shard.Prepare(write);
                running.Add(write);
            }
            else if (running.Count > 0)
            {
                ShardWrite write = running[data.NextInt(running.Count)];
                running.Remove(write);
                if (data.NextInt(4) == 0)
                {
                    shard.Abandon(write);
                    continue;
                }

                Pack(shard, write);
                shard.Complete(write);
                written.AsSpan(write.FirstIdx, write.Count).Fill(true);
            }

            int length = Array.IndexOf(written, false);
            Assert.Equal(length < 0 ? 1024 : length, shard.ContiguousLength);
            int end = Math.Max(Array.LastIndexOf(written, true) + 1, running.Select(static w => w.FirstIdx + w.Count).Append(0).Max());
            Assert.Equal(Math.Max(shard.ResidentBytes, (end + 255) / 256 * _blockBytes), shard.ResidentBytes);
            Assert.Equal(shard.ResidentBytes, _budget.UsedBytes);
        }

        shard.Release();
        Assert.Equal(0, _budget.UsedBytes);
    }

    [Fact]
    public async Task RowsAreReadAndWrittenInTheShapeTheyHave()
    {
        Shard shard = new(_id, _spec, _budget);
        WriteAll(shard, Write(0, 300));
        SequenceSpec[] others = [_spec with { HeadDim = 8 }, _spec with { HeadDimV = 4 }, _spec with { NumHeadsKv = 1 }, _spec with { KvType = KvDataType.Int8 }, _spec with { ShardLength = 2048 }];
        foreach (SequenceSpec other in others)
        {
            InvalidSpecException error = Assert.Throws<InvalidSpecException>(() => shard.Prepare(Write(300, 1) with { Spec = other }));
            Assert.Contains("of another shape or storage", error.Message, StringComparison.Ordinal);
        }

        AssertReads(shard, 300);
        shard.Release();

        // Nor does a query that takes them for wider than they are read past them.
        using ComputePool pool = new(1, 64);
        ShardService service = new(new ShardRegistry(_budget, new ResidentShardStore()), pool);
        await service.WriteAsync(Write(0, 300), CancellationToken.None);
        SequenceSpec wide = _spec with { HeadDim = 400 };
        TileRequest request = new()
        {
            Spec = wide,
            Snapshot = new SequenceSnapshot(0, 300),
            Q = new float[wide.NumHeadsQ * 400],
            Rows = 1,
            FirstQueryPosition = 299,
            Mask = AttentionMask.Full,
            Score = ScoreFunction.ScaledDot,
            Shards = [new ShardSlice(new ShardEntry(_id, OwnerId.Local), 300)],
            Nodes = [new TreeNode(0, 0)],
            Fence = 0,
        };
        await Assert.ThrowsAsync<InvalidSpecException>(() => service.ComputeAsync(request, CancellationToken.None).AsTask());
    }

    [Fact]
    public void WhatTheBudgetRefusesLeavesNoBlockAndNoGap()
    {
        ByteBudget budget = new(2 * _blockBytes);
        Shard shard = new(_id, _spec, budget);
        CapacityExceededException error = Assert.Throws<CapacityExceededException>(() => shard.Prepare(Write(0, 700)));
        Assert.Equal((2 * _blockBytes, _blockBytes), (error.BudgetBytes, error.NeededBytes));
        Assert.Equal(0, budget.UsedBytes);

        WriteAll(shard, Write(0, 300));
        AssertReads(shard, 300);
        Assert.Throws<CapacityExceededException>(() => shard.Prepare(Write(300, 300)));
        AssertReads(shard, 300);
        shard.Release();
        Assert.Equal(0, budget.UsedBytes);
    }

    [Fact]
    public void AWriteThatANewerOneOvertookIsRefusedAtEveryStep()
    {
        Shard shard = new(_id, _spec, _budget);
        ShardWrite late = Write(0, 300, fence: 5);
        ShardWrite packed = Write(0, 200, fence: 5);
        shard.Prepare(late);
        shard.Prepare(packed);
        Pack(shard, packed);
        WriteAll(shard, Write(0, 100, fence: 6));
        Assert.Throws<StaleWriteException>(() => Pack(shard, late));
        Assert.Throws<StaleWriteException>(() => shard.Complete(packed));
        Assert.Throws<StaleWriteException>(() => shard.Prepare(Write(0, 1, fence: 5)));
        shard.Abandon(late);
        shard.Abandon(packed);
        Assert.Equal(100, shard.ContiguousLength);
        Assert.Equal(_blockBytes, shard.ResidentBytes);
        shard.Release();
    }

    [Theory]
    [InlineData(-1, 1)]
    [InlineData(0, -1)]
    [InlineData(1000, 25)]
    [InlineData(1, int.MaxValue)]
    public void RowsOutsideTheShardAreRefused(int first, int count)
    {
        Shard shard = new(_id, _spec, _budget);
        Assert.Throws<ArgumentOutOfRangeException>(() => shard.Prepare(new ShardWrite(_id, _spec, 1, default, first, count, default, default)));
        Assert.Equal(0, _budget.UsedBytes);
        shard.Release();
    }

    [Fact]
    public void TrimmingLetsGoOfWhatNobodyNeeds()
    {
        Shard shard = new(_id, _spec, _budget);
        WriteAll(shard, Write(0, 200, fence: 5));
        WriteAll(shard, Write(200, 700, fence: 5));
        ShardWrite running = Write(300, 100, fence: 5);
        shard.Prepare(running);
        BlockTable reader = shard.LeaseTable(900);

        shard.Trim(200, fence: 4);
        Assert.Equal(900, shard.ContiguousLength);
        shard.Trim(200, fence: 5);
        Assert.Equal(200, shard.ContiguousLength);
        Assert.Equal(2 * _blockBytes, shard.ResidentBytes);
        Assert.Equal(4 * _blockBytes, _budget.UsedBytes);
        Pack(shard, running);
        shard.Abandon(running);
        Assert.Equal(_blockBytes, shard.ResidentBytes);
        reader.Release();
        Assert.Equal(_blockBytes, _budget.UsedBytes);
        AssertReads(shard, 200);

        WriteAll(shard, Write(200, 700, fence: 6));
        AssertReads(shard, 900);
        shard.Release();
        Assert.Equal(0, _budget.UsedBytes);
    }

    [Fact]
    public void ASeededShardSharesWholeBlocksAndCopiesTheCutOne()
    {
        Shard source = new(_id, _spec, _budget);
        WriteAll(source, Write(0, 1000));
        Shard seeded = Shard.Seeded(_id with { Generation = 1 }, source, 600, _budget);
        Assert.Equal(5 * _blockBytes, _budget.UsedBytes);
        Assert.Equal(source.LeaseTable(1).Addresses[..2].ToArray(), seeded.LeaseTable(1).Addresses[..2].ToArray());
        WriteAll(source, Write(1000, 24));
        source.LeaseTable(0).Release();
        AssertReads(seeded, 600);
        Assert.Throws<InvalidOperationException>(() => seeded.LeaseTable(601));

        ByteBudget full = new(1);
        Assert.Throws<CapacityExceededException>(() => Shard.Seeded(_id, source, 600, full));
        Assert.Equal((0, 5 * _blockBytes), (full.UsedBytes, _budget.UsedBytes));
    }

    /// <summary>Rows of a reservation that was given up stay doubtful however many committed rows are read back behind them.</summary>
    [Fact]
    public void RowsReadBackBehindDoubtfulOnesDoNotMakeThoseCertain()
    {
        Shard shard = new(_id, _spec, _budget, canReadBack: true);
        WriteAll(shard, Write(0, 10));
        shard.Hear(1, 10);
        WriteAll(shard, Write(10, 10) with { K = _problem.KRows(500, 10), V = _problem.VRows(500, 10) });

        // Another owner wrote rows 10 to 30 under fence 2; who asks for them first does not know the fence.
        CatchUp(shard);
        Assert.Equal(30, shard.ContiguousLength);
        shard.Hear(2, 30);
        Assert.Equal(10, shard.ContiguousLength);
        CatchUp(shard);
        AssertReads(shard, 30);
        shard.Hear(3, 30);
        AssertReads(shard, 30);
        shard.Release();

        static void CatchUp(Shard shard)
        {
            PositionRange missing = shard.BeginCatchUp(30);
            shard.CatchUp(Write(0, 30, fence: 2), missing);
            shard.EndCatchUp(missing, 30);
        }
    }

    private static ShardWrite Write(int first, int count, long fence = 1) =>
        new(_id, _spec, fence, OperationId.New(), first, count, _problem.KRows(first, count), _problem.VRows(first, count));

    private static void Pack(Shard shard, in ShardWrite write)
    {
        for (int at = write.FirstIdx; at < write.FirstIdx + write.Count;)
        {
            int end = Math.Min(write.FirstIdx + write.Count, ((at / 256) + 1) * 256);
            shard.PackPart(write, new PositionRange(at, end));
            at = end;
        }
    }

    private static void WriteAll(Shard shard, in ShardWrite write)
    {
        shard.Prepare(write);
        Pack(shard, write);
        shard.Complete(write);
    }

    private static void AssertReads(Shard shard, int length)
    {
        BlockTable table = shard.LeaseTable(length);
        for (int first = 0; first < length; first += 256)
        {
            int count = Math.Min(256, length - first);
            float[] k = new float[count * 2 * 4];
            float[] v = new float[count * 2 * 3];
            KvPacker.Unpack(KvLayout.Of(_spec), table.Blocks[first / 256].Bytes, 0, count, k, v);
            Assert.Equal(_problem.KRows(first, count).ToArray(), k);
            Assert.Equal(_problem.VRows(first, count).ToArray(), v);
        }

        table.Release();
    }
}
