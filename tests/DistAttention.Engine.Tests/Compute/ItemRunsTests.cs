using DistAttention.Engine.Compute;

namespace DistAttention.Engine.Tests.Compute;

public class ItemRunsTests
{
    [Fact]
    public void EachThreadHasNeighbours_InOrder()
    {
        ItemRuns runs = new(items: 10, workers: 3);

        int[][] taken = [.. Enumerable.Range(0, 3).Select(worker => Enumerable.Range(0, worker == 2 ? 4 : 3).Select(_ => runs.Take(worker)).ToArray())];

        Assert.Equal([[0, 1, 2], [3, 4, 5], [6, 7, 8, 9]], taken);
        runs.Return();
    }

    [Fact]
    public void AThreadThatIsThrough_TakesTheFartherHalfOfTheLongestRun()
    {
        ItemRuns runs = new(items: 16, workers: 2);
        for (int i = 0; i < 8; i++)
        {
            runs.Take(1);
        }

        int[] first = [runs.Take(0), runs.Take(0)]; // 2 to 7 are left
        int[] stolen = [runs.Take(1), runs.Take(1), runs.Take(1)];

        Assert.Equal([0, 1], first);
        Assert.Equal([5, 6, 7], stolen);
        Assert.Equal(2, runs.Take(0));
        runs.Return();
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 4)]
    [InlineData(33, 4)]
    [InlineData(1000, 7)]
    public void EveryItemIsTakenOnce_WhoeverAsks(int items, int workers)
    {
        Random random = new(items + workers);
        ItemRuns runs = new(items, workers);

        int[] taken = [.. Enumerable.Range(0, items).Select(_ => runs.Take(random.Next(random.Next(workers) + 1)))];

        Assert.Equal(Enumerable.Range(0, items), taken.Order());
        runs.Return();
    }
}
