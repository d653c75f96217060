namespace DistAttention.Calls;

/// <summary>Growing pauses between attempts, doubled up to a second.</summary>
/// <param name="time">The clock.</param>
/// <param name="first">The first pause; null for 10 ms.</param>
internal struct Backoff(TimeProvider time, TimeSpan? first = null)
{
    private static readonly TimeSpan _usualFirst = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan _longest = TimeSpan.FromSeconds(1);

    private TimeSpan _next = first ?? _usualFirst;

    /// <summary>Waits.</summary>
    /// <param name="atLeast">Longer than the pause would be, if asked to be.</param>
    /// <param name="cause">What is waited for: a deadline that passes here passed because of it.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public Task PauseAsync(TimeSpan atLeast, Exception? cause, CancellationToken cancellationToken)
    {
        TimeSpan pause = atLeast > _next ? atLeast : _next;
        _next = _next * 2 < _longest ? _next * 2 : _longest;
        return WaitAsync(time, pause, cause, cancellationToken);
    }

    private static async Task WaitAsync(TimeProvider time, TimeSpan pause, Exception? cause, CancellationToken cancellationToken)
    {
        try
        {
            await Task.Delay(pause, time, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (cause is not null)
        {
            throw new OperationCanceledException(e.Message, cause, e.CancellationToken);
        }
    }
}
