using DistAttention.Calls;
using Orleans.Runtime;

namespace DistAttention.Contracts;

/// <summary>
/// A call to a grain that changes nothing when it is repeated. A message that was on its way to a silo that was lost is never answered, and the
/// transport says so only after its response timeout (30 s); so the call is made again beside the first after a while, then after longer
/// ones, and the first answer counts.
/// </summary>
public static class RepeatedCall
{
    private const int MostAtATime = 4;

    private static readonly TimeSpan _firstWait = TimeSpan.FromMilliseconds(750);
    private static readonly TimeSpan _firstPause = TimeSpan.FromMilliseconds(50);

    /// <summary>A silo that has taken the place of another is known to the others by then.</summary>
    private static readonly TimeSpan _usualPatience = TimeSpan.FromSeconds(5);

    /// <inheritdoc cref="RunAsync{T}(Func{Task{T}}, TimeSpan, TimeProvider, CancellationToken)"/>
    public static Task<T> RunAsync<T>(Func<Task<T>> call, TimeProvider time, CancellationToken cancellationToken) =>
        RunAsync(call, _usualPatience, time, cancellationToken);

    /// <summary>
    /// Makes the call, and again for a while if it is refused on its way: right after a silo is lost or has come back, others still send to what
    /// was there before.
    /// </summary>
    /// <typeparam name="T">What it answers.</typeparam>
    /// <param name="call">Makes it once.</param>
    /// <param name="patience">How long after the beginning it is still made again.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="OrleansException">The last attempt failed on its way too.</exception>
    /// <exception cref="OperationCanceledException">The waiting was ended; if in a pause, what the pause was for is the inner exception.</exception>
    public static async Task<T> RunAsync<T>(Func<Task<T>> call, TimeSpan patience, TimeProvider time, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(call);
        ArgumentNullException.ThrowIfNull(time);
        long started = time.GetTimestamp();
        Backoff backoff = new(time, _firstPause);
        while (true)
        {
            try
            {
                return await AttemptAsync(call, time, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when ((e is OrleansException or TimeoutException or SiloUnreachableException) && time.GetElapsedTime(started) < patience)
            {
                await backoff.PauseAsync(TimeSpan.Zero, e, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Makes the call, and beside it again while it is not answered.</summary>
    private static async Task<T> AttemptAsync<T>(Func<Task<T>> call, TimeProvider time, CancellationToken cancellationToken)
    {
        Task<T> first = call();
        if (first.IsCompleted)
        {
            return await first.ConfigureAwait(false);
        }

        List<Task<T>> running = [first];
        TimeSpan wait = _firstWait;
        try
        {
            while (true)
            {
                using CancellationTokenSource noTimer = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                Task timer = Task.Delay(wait, time, noTimer.Token);
                Task ended = await Task.WhenAny([.. running, timer]).ConfigureAwait(false);
                await noTimer.CancelAsync().ConfigureAwait(false);
                cancellationToken.ThrowIfCancellationRequested();
                if (ended is Task<T> answer)
                {
                    if (running.Count == 1 || answer.Exception?.InnerException is not (OrleansException or TimeoutException))
                    {
                        return await answer.ConfigureAwait(false);
                    }

                    running.Remove(answer); // lost on its way; the others may not be
                }
                else
                {
                    wait *= 2;
                    if (running.Count < MostAtATime)
                    {
                        running.Add(call());
                    }
                }
            }
        }
        finally
        {
            running.ForEach(static r => _ = r.ContinueWith(static t => _ = t.Exception, TaskScheduler.Default));
        }
    }
}
