using DistAttention.Engine.Memory;

namespace DistAttention.Engine.Tests.Memory;

/// <summary>Blocks of every size, wherever their memory comes from.</summary>
public sealed class KvBlockTests
{
    private const int MiB = 1 << 20;

    [Theory]
    [InlineData(64)]
    [InlineData(100)]
    [InlineData(32 << 10)]
    [InlineData(MiB + 64)]
    [InlineData(5 * MiB)]
    [InlineData(80 * MiB)]
    public void Blocks_are_aligned_zeroed_and_paid_for(int bytes)
    {
        ByteBudget budget = new(long.MaxValue);
        for (int round = 0; round < 3; round++)
        {
            KvBlock[] blocks = [.. Enumerable.Range(0, 3).Select(_ => new KvBlock(bytes, budget))];
            Assert.Equal(3L * bytes, budget.UsedBytes);
            foreach (KvBlock block in blocks)
            {
                Assert.Equal(0, block.Address % 64);
                Assert.Equal(bytes, block.Bytes.Length);
                Assert.False(block.Bytes.ContainsAnyExcept((byte)0));
                block.Bytes.Fill(0xFF); // the next round must not see it
            }

            foreach (KvBlock block in blocks)
            {
                block.Release();
            }

            Assert.Equal(0, budget.UsedBytes);
        }
    }

    [Fact]
    public void Freeing_a_block_leaves_its_neighbours_alone()
    {
        const int Bytes = (96 << 10) + 64;
        const int Count = 2000; // several slabs
        ByteBudget budget = new(long.MaxValue);
        KvBlock[] blocks = [.. Enumerable.Range(0, Count).Select(_ => new KvBlock(Bytes, budget))];
        Parallel.For(0, Count, i => blocks[i].Bytes.Fill((byte)i));
        Parallel.For(0, Count / 2, i => blocks[(2 * i) + 1].Release());

        for (int i = 0; i < Count; i += 2)
        {
            Assert.False(blocks[i].Bytes.ContainsAnyExcept((byte)i), $"block {i}");
            blocks[i].Release();
        }

        Assert.Equal(0, budget.UsedBytes);
    }

    [Fact]
    public void Memory_of_freed_blocks_goes_back_to_the_system()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        const int Count = 256;
        ByteBudget budget = new(long.MaxValue);
        KvBlock[] blocks = [.. Enumerable.Range(0, Count).Select(_ => new KvBlock(MiB + 64, budget))];
        foreach (KvBlock block in blocks)
        {
            block.Bytes.Fill(1);
        }

        long full = Environment.WorkingSet;
        for (int i = 0; i < Count; i++)
        {
            if (i % 16 != 0) // a few of every slab stay
            {
                blocks[i].Release();
            }
        }

        Assert.InRange(full - Environment.WorkingSet, Count / 2 * MiB, Count * 2L * MiB);
        for (int i = 0; i < Count; i += 16)
        {
            Assert.False(blocks[i].Bytes.ContainsAnyExcept((byte)1));
            blocks[i].Release();
        }
    }

    [Fact]
    public void A_budget_that_cannot_pay_is_left_as_it_was()
    {
        ByteBudget budget = new(3 * MiB);
        KvBlock block = new(2 * MiB, budget);

        Assert.Throws<CapacityExceededException>(() => new KvBlock(2 * MiB, budget));
        Assert.Equal(2 * MiB, budget.UsedBytes);
        block.Release();
        new KvBlock(3 * MiB, budget).Release();
    }
}
