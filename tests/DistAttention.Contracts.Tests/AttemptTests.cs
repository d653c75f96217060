using Orleans.Runtime;

namespace DistAttention.Contracts.Tests;

public sealed class AttemptTests
{
    private static readonly AttemptTimes _quick = new(TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(200), TimeProvider.System);

    [Fact]
    public async Task AnAnswerIsTheAnswer()
    {
        Assert.Equal(5, await Attempt.RunAsync("t", static _ => Task.FromResult(5), NeverAsked, _quick, default));
        await Assert.ThrowsAsync<SequenceNotFoundException>(
            () => Attempt.RunAsync("t", static _ => Task.FromException<int>(new SequenceNotFoundException("s")), NeverAsked, _quick, default));
    }

    [Fact]
    public async Task ACallThatIsWorkedOnMayTakeAsLongAsItLikes()
    {
        TaskCompletionSource<int> answer = new();
        int asked = 0;
        int result = await Attempt.RunAsync(
            "t",
            _ => answer.Task,
            () =>
            {
                if (++asked == 5)
                {
                    answer.SetResult(9);
                }

                return Task.FromResult(true);
            },
            _quick,
            default);
        Assert.Equal((9, 5), (result, asked));
    }

    [Fact]
    public async Task SilenceEndsAnAttemptAndCancelsTheCall()
    {
        CancellationToken seen = default;
        SiloUnreachableException error = await Assert.ThrowsAsync<SiloUnreachableException>(() => Attempt.RunAsync(
            "t",
            token =>
            {
                seen = token;
                return new TaskCompletionSource<int>().Task;
            },
            static () => new TaskCompletionSource<bool>().Task,
            _quick,
            default));
        Assert.Equal(("t", false), (error.Silo, error.IsLostCall));
        Assert.True(seen.IsCancellationRequested);
    }

    [Fact]
    public async Task ACallThatNobodyKnowsOfIsLost()
    {
        int asked = 0;
        SiloUnreachableException error = await Assert.ThrowsAsync<SiloUnreachableException>(() => Attempt.RunAsync(
            "t",
            static _ => new TaskCompletionSource<int>().Task,
            () =>
            {
                asked++;
                return Task.FromResult(false);
            },
            _quick,
            default));
        Assert.Equal((true, 4), (error.IsLostCall, asked));
    }

    [Fact]
    public async Task ErrorsOfTheTransportAreOurs()
    {
        SiloUnreachableException error = await Assert.ThrowsAsync<SiloUnreachableException>(
            () => Attempt.RunAsync("t", static _ => Task.FromException<int>(new SiloUnavailableException("x")), NeverAsked, _quick, default));
        Assert.IsType<SiloUnavailableException>(error.InnerException);
        await Assert.ThrowsAsync<SiloUnreachableException>(() => Attempt.RunAsync(
            "t",
            static _ => new TaskCompletionSource<int>().Task,
            static () => Task.FromException<bool>(new SiloUnavailableException("x")),
            _quick,
            default));
    }

    [Fact]
    public async Task TheCallerCancels()
    {
        using CancellationTokenSource stop = new();
        Task<int> running = Attempt.RunAsync(
            "t",
            static token =>
            {
                TaskCompletionSource<int> answer = new();
                token.Register(() => answer.SetCanceled(token));
                return answer.Task;
            },
            static () => Task.FromResult(true),
            _quick,
            stop.Token);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    private static Task<bool> NeverAsked() => throw new InvalidOperationException("Asked about an answered call.");
}
