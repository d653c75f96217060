using DistAttention.Calls;
using DistAttention.Engine.Compute;

namespace DistAttention.Engine.Tests.Compute;

/// <summary>Shares of virtual time: every cost is given, nothing is measured.</summary>
public sealed class FairQueueTests
{
    private const int Seed = 611;

    private readonly FairQueue<Job> _queue = new(patience: 100);

    [Fact]
    public void CallersWithWorkGetEqualSharesWhateverTheyBring()
    {
        // A flood of large jobs against a trickle of small ones, and one caller in between.
        Enqueue("flood", 5000, cost: 7);
        Enqueue("middle", 3000, cost: 3);
        Enqueue("trickle", 9000, cost: 1);
        Dictionary<string, double> served = Serve(time: 6000);
        Assert.All(served.Values, static share => Assert.InRange(share, 2000 - 14, 2000 + 14));
    }

    [Fact]
    public void TheDifferenceBetweenTwoCallersIsNeverMoreThanTheirLargestJobs()
    {
        // Goyal, Vin, Cheng 1996, theorem 1; jobs here are charged by their callers' means first, which adds at most another one each.
        Random random = new(Seed);
        double[] served = new double[2];
        for (int i = 0; i < 4000; i++)
        {
            Enqueue("a", 1, random.Next(1, 30));
            Enqueue("b", 1, random.Next(1, 10));
        }

        while (_queue.ActiveCallers == 2)
        {
            Job job = ServeOne();
            served[job.Caller == "a" ? 0 : 1] += job.Cost;
            Assert.InRange(served[0] - served[1], -2 * 40, 2 * 40);
        }

        Assert.InRange(served.Min(), 4000, double.MaxValue);
    }

    [Fact]
    public void ANewcomerIsServedNextAndAPauseEarnsNothing()
    {
        Enqueue("old", 1000, cost: 10);
        Serve(time: 5000);
        Enqueue("new", 1000, cost: 10);
        Assert.Equal("new", Peek().Caller);
        Dictionary<string, double> served = Serve(time: 1000);
        Assert.InRange(served["new"], 480, 520); // not the 5,000 that it has missed
    }

    [Fact]
    public void WhoWasAloneOwesNothing()
    {
        Enqueue("alone", 500, cost: 10);
        Serve(time: 5000);
        Assert.Equal(0, _queue.Count);
        Enqueue("other", 100, cost: 10);
        Serve(time: 50);
        Enqueue("alone", 100, cost: 10);
        Dictionary<string, double> served = Serve(time: 1000);
        Assert.InRange(served["alone"], 460, 540);
    }

    [Fact]
    public void ACallersShortJobsGoFirstUntilALongOneHasWaitedEnough()
    {
        Enqueue("c", 3, cost: 10);
        Enqueue("c", 40, cost: 10, isShort: true);
        List<bool> isShort = [.. Enumerable.Range(0, 43).Select(_ => ServeOne().IsShort)];
        Assert.All(isShort.Take(11), Assert.True); // patience is 100
        Assert.False(isShort[11]);
        Assert.Equal([11, 23, 35], isShort.Select(static (s, i) => s ? -1 : i).Where(static i => i >= 0));
    }

    [Fact]
    public void AmongEqualsTheFirstComesFirst()
    {
        for (int i = 0; i < 10; i++)
        {
            _queue.Enqueue(new Job("c", 1, false) { Number = i }, new CallerId("c"), isShort: false);
        }

        Assert.Equal(Enumerable.Range(0, 10), Enumerable.Range(0, 10).Select(_ => ServeOne().Number));
    }

    [Fact]
    public void SeveralTurnsOfACallerThatRunAtOnceAreChargedBeforeTheyEnd()
    {
        // Four threads: without a charge in advance, all of them would go to whoever is behind.
        Enqueue("a", 100, cost: 10);
        Enqueue("b", 100, cost: 10);
        for (int warm = 0; warm < 20; warm++)
        {
            ServeOne();
        }

        List<(FairQueue<Job>.Turn Turn, Job Job)> running = [.. Enumerable.Range(0, 4).Select(_ => Begin())];
        Assert.Equal(2, running.Count(static r => r.Job.Caller == "a"));
        running.ForEach(r => _queue.End(r.Turn, r.Job.Cost));
    }

    [Fact]
    public void CallersThatAreGoneAreForgotten()
    {
        for (int i = 0; i < 10_000; i++)
        {
            Enqueue($"caller {i}", 1, cost: 5);
            ServeOne();
        }

        Assert.InRange(_queue.KnownCallers, 1, 100);
        Assert.Equal(0, _queue.Count);
    }

    private void Enqueue(string caller, int count, double cost, bool isShort = false)
    {
        for (int i = 0; i < count; i++)
        {
            _queue.Enqueue(new Job(caller, cost, isShort), new CallerId(caller), isShort);
        }
    }

    private Job Peek()
    {
        Assert.True(_queue.TryPeek(out Job? job, out _));
        return job;
    }

    private (FairQueue<Job>.Turn Turn, Job Job) Begin()
    {
        Assert.True(_queue.TryPeek(out Job? job, out FairQueue<Job>.Turn turn));
        _queue.Dequeue(turn);
        _queue.Begin(ref turn);
        return (turn, job);
    }

    private Job ServeOne()
    {
        (FairQueue<Job>.Turn turn, Job job) = Begin();
        _queue.End(turn, job.Cost);
        return job;
    }

    private Dictionary<string, double> Serve(double time)
    {
        Dictionary<string, double> served = [];
        for (double at = 0; at < time && _queue.Count > 0;)
        {
            Job job = ServeOne();
            served[job.Caller] = served.GetValueOrDefault(job.Caller) + job.Cost;
            at += job.Cost;
        }

        return served;
    }

    private sealed record Job(string Caller, double Cost, bool IsShort)
    {
        public int Number { get; init; }
    }
}
