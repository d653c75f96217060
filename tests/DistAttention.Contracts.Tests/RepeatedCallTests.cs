using Orleans.Runtime;

namespace DistAttention.Contracts.Tests;

public class RepeatedCallTests
{
    private static readonly TimeSpan _long = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task WhatIsRefusedOnItsWay_IsAskedAgain()
    {
        int made = 0;

        int answer = await RepeatedCall.RunAsync(() => ++made < 3 ? throw new SiloUnavailableException("gone") : Task.FromResult(made), _long, TimeProvider.System, CancellationToken.None);

        Assert.Equal(3, answer);
    }

    [Fact]
    public async Task PatienceEnds()
    {
        int made = 0;

        await Assert.ThrowsAsync<SiloUnavailableException>(() => RepeatedCall.RunAsync<int>(
            () => throw new SiloUnavailableException($"{++made}"), TimeSpan.FromMilliseconds(200), TimeProvider.System, CancellationToken.None));

        Assert.InRange(made, 2, 10);
    }

    [Fact]
    public async Task AnErrorThatIsAnAnswer_IsNotAskedAgain()
    {
        int made = 0;

        await Assert.ThrowsAsync<SequenceNotFoundException>(() => RepeatedCall.RunAsync<int>(
            () => Task.FromException<int>(new SequenceNotFoundException(new SequenceId($"s{++made}"))), _long, TimeProvider.System, CancellationToken.None));

        Assert.Equal(1, made);
    }

    [Fact]
    public async Task TheDeadlineEndsTheWaiting_AndSaysWhatForItWas()
    {
        using CancellationTokenSource deadline = new(TimeSpan.FromMilliseconds(100));

        Exception ended = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => RepeatedCall.RunAsync<int>(
            static () => throw new SiloUnavailableException("gone"), _long, TimeProvider.System, deadline.Token));

        Assert.IsType<SiloUnavailableException>(ended.InnerException);
    }
}
