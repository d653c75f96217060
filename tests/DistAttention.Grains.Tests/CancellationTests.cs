using System.Diagnostics;

namespace DistAttention.Grains.Tests;

/// <summary>Tests of how fast something is, which other tests at the same time would slow down.</summary>
[CollectionDefinition(nameof(Timed), DisableParallelization = true)]
public sealed class Timed;

[Collection(nameof(Timed))]
public sealed class CancellationTests(TwoSilos silos, Xunit.Abstractions.ITestOutputHelper output) : IClassFixture<TwoSilos>
{
    /// <summary>Several seconds of work in tiles of 32 rows, on both silos.</summary>
    private static readonly AttentionProblem _long = new() { Seed = 601, Length = 16_384, Rows = 2048, GroupSize = 64, HeadDim = 128, HeadDimV = 128 };

    [Fact]
    public async Task ACancelledCallStopsTheTileLoopsOfAllSilos()
    {
        IAttentionSequence sequence = await FillBothAsync();

        // Far less than the seconds of work that were left, and enough for a machine that is busy with other tests.
        Assert.InRange(await CancelAsync(sequence, Silo.AllOf(silos)), TimeSpan.Zero, TimeSpan.FromSeconds(2));
    }

    /// <summary>The promised time, on a machine that has nothing else to do.</summary>
    [Fact]
    [Trait("Category", "Soak")]
    public async Task ACancelledCallStopsTheTileLoopsOfAllSilosWithinFiftyMilliseconds()
    {
        IAttentionSequence sequence = await FillBothAsync();
        List<TimeSpan> took = [];
        for (int attempt = 0; attempt < 9; attempt++)
        {
            // At once, tiles are just being sent and a cancellation may overtake them; later, kernels run.
            took.Add(await CancelAsync(sequence, Silo.AllOf(silos), afterMilliseconds: attempt * 17));
        }

        took.Sort();
        output.WriteLine(string.Join(", ", took.Select(static t => $"{t.TotalMilliseconds:F1} ms")));
        Assert.InRange(took[took.Count / 2], TimeSpan.Zero, TimeSpan.FromMilliseconds(50));
    }

    [Fact]
    public async Task ADeadlineEndsTheWorkOfAllSilos()
    {
        Silo[] all = Silo.AllOf(silos);
        IAttentionSequence sequence = await silos.Client.FillAsync(_long);
        TimeSpan timeout = TimeSpan.FromMilliseconds(400);
        AttentionTimeoutException error = await Assert.ThrowsAsync<AttentionTimeoutException>(() => sequence.AttendAsync(_long.Q, new() { Timeout = timeout }));
        Assert.Equal(timeout, error.Timeout);
        await UntilAsync(() => all.All(static s => s.IsIdle));
    }

    private async Task<IAttentionSequence> FillBothAsync()
    {
        IAttentionSequence sequence = await silos.Client.FillAsync(_long);
        AttentionPlan plan = await sequence.ExplainAsync(1);
        Assert.Equal(Silo.AllOf(silos).Select(static s => s.Owner).Order(), plan.Visits.Select(static v => v.Owner).Distinct().Order());
        return sequence;
    }

    /// <summary>From cancelling at the client until no thread of any silo computes.</summary>
    private static async Task<TimeSpan> CancelAsync(IAttentionSequence sequence, Silo[] all, int afterMilliseconds = 0)
    {
        using CancellationTokenSource stop = new();
        TaskCompletionSource started = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task running = sequence.AttendAsync(_long.Q, new() { Progress = new OnReport(_ => started.TrySetResult()) }, stop.Token);
        await started.Task;
        await Task.Delay(afterMilliseconds);
        await UntilAsync(() => all.All(static s => s.Pool.BusyThreads > 0));
        long before = Stopwatch.GetTimestamp();
        Task<long> idle = UntilAsync(() => all.All(static s => s.IsIdle));
        await stop.CancelAsync();
        TimeSpan took = Stopwatch.GetElapsedTime(before, await idle);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        return took;
    }

    /// <summary>When something was first seen to be so. Looks every millisecond from a thread of its own: spinning would take a core from what is measured, waiting a thread of the pool.</summary>
    private static Task<long> UntilAsync(Func<bool> isSo)
    {
        TaskCompletionSource<long> seen = new(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() =>
        {
            long started = Stopwatch.GetTimestamp();
            while (!isSo() && Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(10))
            {
                Thread.Sleep(1); // a flag tells nobody: it has to be looked at
            }

            if (isSo())
            {
                seen.SetResult(Stopwatch.GetTimestamp());
            }
            else
            {
                seen.SetException(new TimeoutException("It is not so after 10 s."));
            }
        }) { IsBackground = true }.Start();
        return seen.Task;
    }
}
