using Orleans.Runtime;

namespace DistAttention.Contracts;

/// <summary>
/// One call to a silo under a timer of its own. The transport notices a killed silo late (30 s and more), so whoever waits
/// asks, cheaply and from time to time, how the call stands: progress gives it more time, silence and standstill end it.
/// </summary>
public static class Attempt
{
    /// <summary>Questions in a row that may be answered with "not that I know of": the call may be on its way still.</summary>
    private const int MaxUnknown = 4;

    private static readonly TimeSpan _longestWait = TimeSpan.FromSeconds(2);

    /// <summary>Makes a call.</summary>
    /// <typeparam name="T">What it answers.</typeparam>
    /// <param name="target">Who is called, for the error.</param>
    /// <param name="site">Who is called.</param>
    /// <param name="callId">Names the call.</param>
    /// <param name="call">The call.</param>
    /// <param name="times">How long to wait.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="SiloUnreachableException">The target is silent, gone, does not get on, or has lost the call.</exception>
    public static async Task<T> RunAsync<T>(
        string target,
        ICallSite site,
        Guid callId,
        Func<CancellationToken, Task<T>> call,
        AttemptTimes times,
        CancellationToken cancellationToken)
    {
        using CancellationTokenSource attempt = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using CancellationTokenRegistration telling = attempt.Token.UnsafeRegister(_ => Forget(CancelAsync(site, callId)), null);
        Task<T> answer = call(attempt.Token);
        TimeSpan wait = times.First;
        Standstill standstill = new(times);
        int unknown = 0;
        while (!await IsAnsweredAsync(answer, wait, times.Time).ConfigureAwait(false))
        {
            CallProgress? progress = await AskAsync(site, callId, answer, times).ConfigureAwait(false);
            string? problem = progress switch
            {
                _ when answer.IsCompleted => null,
                null => "does not answer",
                { IsKnown: false } when ++unknown >= MaxUnknown => SiloUnreachableException.LostCall,
                { IsKnown: true } known when standstill.IsTooLong(known.Steps) => $"has not got on for {times.Stall.TotalSeconds:N0} s",
                _ => null,
            };
            if (problem is not null)
            {
                Forget(answer);
                await attempt.CancelAsync().ConfigureAwait(false);
                throw new SiloUnreachableException(target, problem);
            }

            unknown = progress is { IsKnown: true } ? 0 : unknown;
            wait = wait * 2 < _longestWait ? wait * 2 : wait < _longestWait ? _longestWait : wait;
        }

        try
        {
            T result = await answer.ConfigureAwait(false);
            times.OnProgress?.Invoke();
            return result;
        }
        catch (Exception e) when (e is OrleansException or TimeoutException)
        {
            throw new SiloUnreachableException(target, "could not be called", e);
        }
    }

    private static async Task<bool> IsAnsweredAsync(Task answer, TimeSpan wait, TimeProvider time)
    {
        if (answer.IsCompleted)
        {
            return true;
        }

        using CancellationTokenSource stopTimer = new();
        Task timer = Task.Delay(wait, time, stopTimer.Token);
        Task first = await Task.WhenAny(answer, timer).ConfigureAwait(false);
        await stopTimer.CancelAsync().ConfigureAwait(false);
        return first == answer;
    }

    /// <summary>The answer to the question; null if there is none. Stops waiting when the call itself is answered.</summary>
    private static async Task<CallProgress?> AskAsync(ICallSite site, Guid callId, Task answer, AttemptTimes times)
    {
        try
        {
            Task<CallProgress> question = site.AskAsync(callId);
            if (!await IsAnsweredAsync(Task.WhenAny(question, answer), times.Probe, times.Time).ConfigureAwait(false) || !question.IsCompleted)
            {
                Forget(question);
                return null;
            }

            return await question.ConfigureAwait(false);
        }
        catch (Exception e) when (e is OrleansException or TimeoutException)
        {
            return null;
        }
    }

    private static async Task CancelAsync(ICallSite site, Guid callId) => await site.CancelAsync(callId).ConfigureAwait(false);

    private static void Forget(Task task) => _ = task.ContinueWith(static t => _ = t.Exception, TaskScheduler.Default);

    /// <summary>Since when nothing has got on.</summary>
    private sealed class Standstill(AttemptTimes times)
    {
        private long _since = times.Time.GetTimestamp();
        private long _steps = -1;

        public bool IsTooLong(long steps)
        {
            if (steps != _steps)
            {
                (_steps, _since) = (steps, times.Time.GetTimestamp());
                times.OnProgress?.Invoke();
                return false;
            }

            return times.Time.GetElapsedTime(_since) >= times.Stall;
        }
    }
}
