using DistAttention.Engine.Compute;
using DistAttention.Kernels;

namespace DistAttention.Engine.Tests.Compute;

public sealed class ComputePoolTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public async Task EveryItemRunsOnceAndTheEndAfterThem(int threads)
    {
        using ComputePool pool = new(threads, 1000);
        Job[] jobs = [.. Enumerable.Range(1, 40).Select(static i => new Job(i * 3, i % 2 == 0))];
        await Task.WhenAll(jobs.Select(job => pool.RunAsync(job).AsTask()));
        Assert.All(jobs, static job =>
        {
            Assert.All(job.Runs, static runs => Assert.Equal(1, runs));
            Assert.Equal(job.ItemCount, job.RunsAtFinish);
        });
        Assert.Equal(0, pool.QueuedJobs);
    }

    [Fact]
    public async Task ShortJobsGoBeforeLongOnesAndAmongEqualsTheFirstComesFirst()
    {
        using ComputePool pool = new(1, 100);
        List<string> order = [];
        Blocker blocker = new();
        Task blocked = pool.RunAsync(blocker).AsTask();
        blocker.Started.Wait();
        Task[] all = [.. new[] { "long 1", "long 2", "short 1", "long 3", "short 2" }.Select(name =>
            pool.RunAsync(new Job(2, name.StartsWith("short", StringComparison.Ordinal)) { OnRun = _ => order.Add(name) }).AsTask())];
        blocker.Go.Set();
        await Task.WhenAll(all.Append(blocked));
        Assert.Equal(["short 1", "short 1", "short 2", "short 2", "long 1", "long 1", "long 2", "long 2", "long 3", "long 3"], order);
    }

    [Fact]
    public async Task AFullQueueRefusesAllButWhatEndsACallLetInBefore()
    {
        using ComputePool pool = new(1, 2);
        Blocker blocker = new();
        Task blocked = pool.RunAsync(blocker).AsTask();
        blocker.Started.Wait();
        Task first = pool.RunAsync(new Job(1, false)).AsTask();
        Task second = pool.RunAsync(new Job(1, true)).AsTask();
        OverloadedException error = Assert.Throws<OverloadedException>(() => { _ = pool.RunAsync(new Job(1, true)); });
        Assert.True(error.IsTransient);
        Assert.True(error.RetryAfter > TimeSpan.Zero);
        Task last = pool.RunAsync(new Job(1, true) { Continues = true }).AsTask();
        Assert.Equal(3, pool.QueuedJobs);
        blocker.Go.Set();
        await Task.WhenAll(blocked, first, second, last);
        await pool.RunAsync(new Job(1, true));
    }

    [Fact]
    public async Task AJobFailsAsItsFirstFailingItemAndRunsNoFurtherOne()
    {
        using ComputePool pool = new(1, 100);
        Job job = new(10, false) { OnRun = static item => throw new InvalidDataException($"item {item}") };
        InvalidDataException error = await Assert.ThrowsAsync<InvalidDataException>(() => pool.RunAsync(job).AsTask());
        Assert.Equal("item 0", error.Message);
        Assert.Equal(1, job.Runs.Sum());
        Assert.Equal(-1, job.RunsAtFinish);
        await Assert.ThrowsAsync<InvalidDataException>(() => pool.RunAsync(new Job(2, false) { OnFinish = static () => throw new InvalidDataException() }).AsTask());

        // The thread has survived.
        await pool.RunAsync(new Job(3, false));
    }

    [Fact]
    public async Task ACancelledJobRunsNoFurtherItem()
    {
        using ComputePool pool = new(1, 100);
        using CancellationTokenSource stop = new();
        Job job = new(10, false, stop.Token) { OnRun = item => _ = item == 3 ? stop.CancelAsync() : null };
        OperationCanceledException error = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => pool.RunAsync(job).AsTask());
        Assert.Equal(stop.Token, error.CancellationToken);
        Assert.Equal(4, job.Runs.Sum());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => pool.RunAsync(new Job(1, false, stop.Token)).AsTask());
    }

    [Fact]
    public async Task DisposingFinishesTheRunningItemsAndFailsTheRest()
    {
        ComputePool pool = new(1, 100);
        Blocker blocker = new(items: 3);
        Task half = pool.RunAsync(blocker).AsTask();
        blocker.Started.Wait();
        Job waiting = new(1, true);
        Task queued = pool.RunAsync(waiting).AsTask();
        Task disposed = Task.Run(pool.Dispose);
        SpinWait.SpinUntil(() => Record.Exception(() => { _ = pool.RunAsync(new Job(1, true)); }) is ObjectDisposedException);
        Assert.False(disposed.IsCompleted);
        blocker.Go.Set();
        await disposed;
        Assert.True(blocker.Ended);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => half);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => queued);
        Assert.Equal(0, waiting.Runs.Sum());
        pool.Dispose();
    }

    private class Job(int items, bool isShort, CancellationToken token = default) : ComputeJob(items, isShort, token)
    {
        public int[] Runs { get; } = new int[items];

        public int RunsAtFinish { get; private set; } = -1;

        public Action<int> OnRun { get; init; } = static _ => { };

        public Action OnFinish { get; init; } = static () => { };

        public bool Continues { get; init; }

        public override bool IsContinuation => Continues;

        protected override void Run(int item, KernelScratch scratch)
        {
            Interlocked.Increment(ref Runs[item]);
            OnRun(item);
        }

        protected override void Finish()
        {
            RunsAtFinish = Runs.Sum();
            OnFinish();
        }
    }

    /// <summary>Keeps its thread until it is let go.</summary>
    private sealed class Blocker(int items = 1) : ComputeJob(items, isShort: true, default)
    {
        public ManualResetEventSlim Started { get; } = new();

        public ManualResetEventSlim Go { get; } = new();

        public bool Ended { get; private set; }

        protected override void Run(int item, KernelScratch scratch)
        {
            Started.Set();
            Go.Wait();
            Ended = true;
        }
    }
}
