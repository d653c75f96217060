namespace DistAttention.Calls;

/// <summary>A call's time allowed and its caller's cancellation, as one token that tells them apart afterwards.</summary>
internal sealed class Deadline : IDisposable
{
    private readonly CancellationTokenSource _timer;
    private readonly CancellationTokenSource _either;
    private readonly CancellationToken _caller;
    private readonly TimeSpan _timeout;

    public Deadline(TimeSpan timeout, TimeProvider time, CancellationToken caller)
    {
        _timeout = timeout;
        _caller = caller;
        _timer = new CancellationTokenSource(timeout, time);
        _either = CancellationTokenSource.CreateLinkedTokenSource(_timer.Token, caller);
    }

    public CancellationToken Token => _either.Token;

    /// <summary>Throws what the caller should see of a cancellation inside the call.</summary>
    public void ThrowIfItWas(OperationCanceledException seen)
    {
        _caller.ThrowIfCancellationRequested();
        if (_timer.IsCancellationRequested)
        {
            throw new AttentionTimeoutException(_timeout, seen.InnerException);
        }
    }

    public void Dispose()
    {
        _either.Dispose();
        _timer.Dispose();
    }
}
