using DistAttention.Engine.Memory;

namespace DistAttention.Engine.Tests.Memory;

public sealed class MemoryTests
{
    [Fact]
    public void ABlockIsFreedWithItsLastLease()
    {
        ByteBudget budget = new(1000);
        KvBlock block = new(640, budget);
        Assert.Equal(640, budget.UsedBytes);
        Assert.Equal(0, block.Address % 64);
        Assert.False(block.Bytes.ContainsAnyExcept((byte)0));
        block.Lease();
        Assert.True(block.TryLease());
        block.Release();
        block.Release();
        Assert.Equal((1, 640), (block.Leases, budget.UsedBytes));
        block.Release();
        Assert.Equal((0, 0), (block.Leases, budget.UsedBytes));
        Assert.False(block.TryLease());
        Assert.Throws<ObjectDisposedException>(block.Lease);
        Assert.Throws<InvalidOperationException>(block.Release);
        Assert.Equal(0, budget.UsedBytes);
    }

    [Fact]
    public void ATableKeepsItsBlocks()
    {
        ByteBudget budget = new(1000);
        KvBlock[] blocks = [new(64, budget), new(64, budget)];
        BlockTable table = new(blocks);
        blocks[0].Release();
        blocks[1].Release();
        Assert.Equal(128, budget.UsedBytes);
        Assert.Equal([blocks[0].Address, blocks[1].Address], table.Addresses.ToArray());
        table.Lease();
        table.Release();
        Assert.Equal(128, budget.UsedBytes);
        table.Release();
        Assert.Equal(0, budget.UsedBytes);
    }

    [Fact]
    public void LeasesTakenAndEndedByManyThreadsAddUp()
    {
        ByteBudget budget = new(1000);
        KvBlock block = new(64, budget);
        Parallel.For(0, 4, _ =>
        {
            for (int i = 0; i < 20_000; i++)
            {
                Assert.True(block.TryLease());
                block.Release();
            }
        });
        Assert.Equal((1, 64), (block.Leases, budget.UsedBytes));
        block.Release();
        Assert.Equal(0, budget.UsedBytes);
    }

    [Fact]
    public void ABudgetIsNeverNegativeAndNeverOverrun()
    {
        ByteBudget budget = new(1000);
        long refused = 0;
        Parallel.For(0, 4, worker =>
        {
            Random random = new(worker);
            for (int i = 0; i < 20_000; i++)
            {
                long bytes = random.Next(1, 700);
                try
                {
                    budget.Take(bytes);
                    Assert.InRange(budget.UsedBytes, bytes, 1000);
                    budget.Return(bytes);
                }
                catch (CapacityExceededException e)
                {
                    Interlocked.Increment(ref refused);
                    Assert.True(e.UsedBytes + e.NeededBytes > e.BudgetBytes);
                }
            }
        });
        Assert.Equal(0, budget.UsedBytes);
        budget.Take(1000);
        Assert.Throws<CapacityExceededException>(() => budget.Take(1));
        Assert.Throws<CapacityExceededException>(() => budget.Take(long.MaxValue));
        Assert.Equal(1000, budget.UsedBytes);
    }
}
