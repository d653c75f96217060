using Orleans.Runtime;

namespace DistAttention.Contracts;

/// <summary>
/// One call to a silo under a timer of its own. The transport notices a killed silo late (30 s and more), so whoever waits
/// asks, cheaply and from time to time, whether the call is being worked on: an answer gives it more time, silence ends it.
/// </summary>
public static class Attempt
{
    /// <summary>Questions in a row that may be answered with "not that I know of": the call may be on its way still.</summary>
    private const int MaxUnknown = 4;

    private static readonly TimeSpan _longestWait = TimeSpan.FromSeconds(2);

    /// <summary>Makes a call.</summary>
    /// <typeparam name="T">What it answers.</typeparam>
    /// <param name="target">Who is called, for the error.</param>
    /// <param name="call">The call.</param>
    /// <param name="isWorkingOn">The question about it.</param>
    /// <param name="times">How long to wait.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="SiloUnreachableException">The target is silent, gone, or has lost the call.</exception>
    public static async Task<T> RunAsync<T>(
        string target,
        Func<CancellationToken, Task<T>> call,
        Func<Task<bool>> isWorkingOn,
        AttemptTimes times,
        CancellationToken cancellationToken)
    {
        using CancellationTokenSource attempt = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task<T> answer = call(attempt.Token);
        TimeSpan wait = times.First;
        int unknown = 0;
        while (!await IsAnsweredAsync(answer, wait, times.Time).ConfigureAwait(false))
        {
            switch (await AskAsync(isWorkingOn, answer, times).ConfigureAwait(false))
            {
                case true:
                    unknown = 0;
                    break;
                case false when ++unknown >= MaxUnknown && !answer.IsCompleted:
                    Abandon(answer, attempt);
                    throw SiloUnreachableException.OfLostCall(target);
                case null when !answer.IsCompleted:
                    Abandon(answer, attempt);
                    throw new SiloUnreachableException(target, "does not answer");
            }

            wait = wait * 2 < _longestWait ? wait * 2 : _longestWait;
        }

        try
        {
            return await answer.ConfigureAwait(false);
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
    private static async Task<bool?> AskAsync(Func<Task<bool>> isWorkingOn, Task answer, AttemptTimes times)
    {
        try
        {
            Task<bool> question = isWorkingOn();
            if (!await IsAnsweredAsync(Task.WhenAny(question, answer), times.Probe, times.Time).ConfigureAwait(false))
            {
                Forget(question);
                return null;
            }

            if (!question.IsCompleted)
            {
                Forget(question);
                return true;
            }

            return await question.ConfigureAwait(false);
        }
        catch (Exception e) when (e is OrleansException or TimeoutException)
        {
            return null;
        }
    }

    private static void Abandon(Task answer, CancellationTokenSource attempt)
    {
        Forget(answer);
        attempt.Cancel();
    }

    private static void Forget(Task task) => _ = task.ContinueWith(static t => _ = t.Exception, TaskScheduler.Default);
}
