using DistAttention.Contracts;

namespace DistAttention.Client;

/// <summary>
/// One call that any coordinator can answer. When the one that has it is late and does not know of it, or says nothing, another one is asked as well;
/// the first answer counts (Dean and Barroso, The Tail at Scale, 2013). One that is at work is not doubled: under load that would make more of it.
/// </summary>
/// <typeparam name="T">The answer.</typeparam>
/// <param name="start">Makes attempt number n under the id given.</param>
/// <param name="ask">Asks attempt number n's coordinator how the call stands.</param>
/// <param name="patience">How long the first attempt is left alone.</param>
/// <param name="time">The clock.</param>
internal sealed class HedgedCall<T>(
    Func<int, Guid, CancellationToken, Task<T>> start,
    Func<int, Guid, Task<CallProgress>> ask,
    TimeSpan patience,
    TimeProvider time)
{
    private const int MaxAttempts = 3;

    private static readonly TimeSpan _askPatience = TimeSpan.FromMilliseconds(50);

    /// <summary>Attempts that were made.</summary>
    public int Attempts { get; private set; }

    /// <summary>Makes the call. What is not needed any more is cancelled and not waited for.</summary>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="SiloUnreachableException">No attempt was answered.</exception>
    public async Task<T> RunAsync(CancellationToken cancellationToken)
    {
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        List<Task<T>> running = [];
        Guid latest = Start(running, stop.Token);
        TimeSpan wait = patience;
        try
        {
            while (true)
            {
                Task? answered = await FirstAsync(running, wait).ConfigureAwait(false);
                if (answered is Task<T> done)
                {
                    if (done.Exception?.InnerException is not SiloUnreachableException || running.Count == 1)
                    {
                        return await done.ConfigureAwait(false);
                    }

                    running.Remove(done); // the others may still answer
                }
                else if (running.Count < MaxAttempts && Attempts < MaxAttempts && !await IsAtWorkAsync(latest).ConfigureAwait(false))
                {
                    latest = Start(running, stop.Token);
                }
                else
                {
                    wait *= 2;
                }
            }
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            running.ForEach(static r => _ = r.ContinueWith(static t => _ = t.Exception, TaskScheduler.Default));
        }
    }

    private Guid Start(List<Task<T>> running, CancellationToken cancellationToken)
    {
        Guid callId = Guid.NewGuid();
        running.Add(start(Attempts++, callId, cancellationToken));
        return callId;
    }

    /// <summary>The first attempt that ends; null if none does in time.</summary>
    private async Task<Task?> FirstAsync(List<Task<T>> running, TimeSpan wait)
    {
        if (running.Find(static r => r.IsCompleted) is { } ended)
        {
            return ended;
        }

        using CancellationTokenSource noTimer = new();
        Task timer = Task.Delay(wait, time, noTimer.Token);
        Task first = await Task.WhenAny([.. running, timer]).ConfigureAwait(false);
        await noTimer.CancelAsync().ConfigureAwait(false);
        return first == timer ? null : first;
    }

    private async Task<bool> IsAtWorkAsync(Guid callId)
    {
        try
        {
            return (await ask(Attempts - 1, callId).WaitAsync(_askPatience, time).ConfigureAwait(false)).IsKnown;
        }
        catch (Exception e) when (e is Orleans.Runtime.OrleansException or TimeoutException)
        {
            return false;
        }
    }
}
