using Orleans.Runtime;

namespace DistAttention.Contracts.Tests;

public sealed class AttemptTests
{
    private static readonly AttemptTimes _quick = new(TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(200), TimeSpan.FromMilliseconds(300), TimeProvider.System);

    [Fact]
    public async Task AnAnswerIsTheAnswer()
    {
        Assert.Equal(5, await RunAsync(new Site(NeverAsked), static _ => Task.FromResult(5)));
        await Assert.ThrowsAsync<SequenceNotFoundException>(
            () => RunAsync(new Site(NeverAsked), static _ => Task.FromException<int>(new SequenceNotFoundException("s"))));
    }

    [Fact]
    public async Task ACallThatGetsOnMayTakeAsLongAsItLikes()
    {
        TaskCompletionSource<int> answer = new();
        int progress = 0;
        Site site = new(asked =>
        {
            if (asked == 5)
            {
                answer.SetResult(9);
            }

            return Task.FromResult(new CallProgress(true, asked));
        });
        Assert.Equal(9, await RunAsync(site, _ => answer.Task, _quick with { Stall = TimeSpan.FromTicks(1), OnProgress = () => progress++ }));
        Assert.Equal(5, site.Asked);
        Assert.InRange(progress, 5, 6);
    }

    [Fact]
    public async Task ACallThatDoesNotGetOnIsGivenUp()
    {
        Site site = new(static _ => Task.FromResult(new CallProgress(true, 7)));
        SiloUnreachableException error = await Assert.ThrowsAsync<SiloUnreachableException>(() => RunAsync(site, static _ => new TaskCompletionSource<int>().Task));
        Assert.Contains("has not got on", error.Problem, StringComparison.Ordinal);
        Assert.Equal([site.CallId], site.Cancelled);
    }

    [Fact]
    public async Task NobodyIsAskedBeforeThePredictedTimeIsOver()
    {
        WorkRate rate = new();
        Assert.Equal(TimeSpan.Zero, rate.Predict(100));
        rate.Measured(50, TimeSpan.FromSeconds(1));
        Assert.Equal(2, rate.Predict(100).TotalSeconds, 6);
        Assert.Equal(TimeSpan.FromSeconds(6), _quick.For(rate.Predict(100)).First);
        Assert.Equal(_quick.First, _quick.For(TimeSpan.Zero).First);
        Assert.Equal(5, await RunAsync(
            new Site(NeverAsked),
            static async token =>
            {
                await Task.Delay(60, token); // longer than the quickest first question: one asked too early would be seen
                return 5;
            },
            _quick.For(rate.Predict(100))));
        for (int i = 0; i < 40; i++)
        {
            rate.Measured(50, TimeSpan.FromSeconds(3));
        }

        Assert.InRange(rate.Predict(50).TotalSeconds, 2.9, 3);
    }

    [Fact]
    public async Task SilenceEndsAnAttemptAndCancelsTheCall()
    {
        CancellationToken seen = default;
        Site site = new(static _ => new TaskCompletionSource<CallProgress>().Task);
        SiloUnreachableException error = await Assert.ThrowsAsync<SiloUnreachableException>(() => RunAsync(site, token =>
        {
            seen = token;
            return new TaskCompletionSource<int>().Task;
        }));
        Assert.Equal(("t", false), (error.Silo, error.IsLostCall));
        Assert.True(seen.IsCancellationRequested);
        Assert.Equal([site.CallId], site.Cancelled);
    }

    [Fact]
    public async Task ACallThatNobodyKnowsOfIsLost()
    {
        Site site = new(static asked => Task.FromResult(new CallProgress(false, asked)));
        SiloUnreachableException error = await Assert.ThrowsAsync<SiloUnreachableException>(() => RunAsync(site, static _ => new TaskCompletionSource<int>().Task));
        Assert.Equal((true, 4), (error.IsLostCall, site.Asked));
    }

    [Fact]
    public async Task ErrorsOfTheTransportAreOurs()
    {
        SiloUnreachableException error = await Assert.ThrowsAsync<SiloUnreachableException>(
            () => RunAsync(new Site(NeverAsked), static _ => Task.FromException<int>(new SiloUnavailableException("x"))));
        Assert.IsType<SiloUnavailableException>(error.InnerException);
        await Assert.ThrowsAsync<SiloUnreachableException>(() => RunAsync(
            new Site(static _ => Task.FromException<CallProgress>(new SiloUnavailableException("x"))),
            static _ => new TaskCompletionSource<int>().Task));
    }

    [Fact]
    public async Task TheCallerCancels()
    {
        using CancellationTokenSource stop = new();
        Site site = new(static asked => Task.FromResult(new CallProgress(true, asked)));
        Task<int> running = RunAsync(
            site,
            static token =>
            {
                TaskCompletionSource<int> answer = new();
                token.Register(() => answer.SetCanceled(token));
                return answer.Task;
            },
            cancellationToken: stop.Token);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        Assert.Equal([site.CallId], site.Cancelled);
    }

    private static Task<int> RunAsync(Site site, Func<CancellationToken, Task<int>> call, AttemptTimes? times = null, CancellationToken cancellationToken = default) =>
        Attempt.RunAsync("t", site, site.CallId, call, times ?? _quick, cancellationToken);

    private static Task<CallProgress> NeverAsked(int asked) => throw new InvalidOperationException("Asked about an answered call.");

    private sealed class Site(Func<int, Task<CallProgress>> ask) : ICallSite
    {
        public Guid CallId { get; } = Guid.NewGuid();

        public int Asked { get; private set; }

        public List<Guid> Cancelled { get; } = [];

        public Task<CallProgress> AskAsync(Guid callId)
        {
            Assert.Equal(CallId, callId);
            return ask(++Asked);
        }

        public Task CancelAsync(Guid callId)
        {
            Cancelled.Add(callId);
            return Task.CompletedTask;
        }
    }
}
