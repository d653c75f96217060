namespace DistAttention.Calls;

/// <summary>A call's time allowed and its caller's cancellation, as one token that tells them apart afterwards.</summary>
internal readonly struct Deadline : IDisposable
{
    private readonly CancellationTokenSource _source;
    private readonly CancellationSources? _sources;
    private readonly CancellationTokenRegistration _registration;
    private readonly CancellationToken _caller;
    private readonly TimeSpan _timeout;

    /// <param name="timeout">Time allowed.</param>
    /// <param name="time">The clock.</param>
    /// <param name="caller">The caller's cancellation.</param>
    /// <param name="sources">Where the token's source comes from and goes to; only if nothing looks at the token after the call.</param>
    public Deadline(TimeSpan timeout, TimeProvider time, CancellationToken caller, CancellationSources? sources = null)
    {
        _sources = time == TimeProvider.System ? sources : null;
        _timeout = timeout;
        _caller = caller;
        _source = _sources?.Take(timeout) ?? new CancellationTokenSource(timeout, time);
        _registration = caller.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), _source);
    }

    public CancellationToken Token => _source.Token;

    /// <summary>Throws what the caller should see of a cancellation inside the call.</summary>
    public void ThrowIfItWas(OperationCanceledException seen)
    {
        _caller.ThrowIfCancellationRequested();
        if (_source.IsCancellationRequested)
        {
            throw new AttentionTimeoutException(_timeout, seen.InnerException);
        }
    }

    public void Dispose()
    {
        _registration.Dispose();
        if (_sources is null)
        {
            _source.Dispose();
        }
        else
        {
            _sources.Return(_source);
        }
    }
}
