namespace DistAttention.Calls;

/// <summary>Cancellation sources that calls are done with and that were never cancelled, for the next calls. Safe to use from many threads.</summary>
internal sealed class CancellationSources
{
    private const int Places = 16;

    private readonly CancellationTokenSource?[] _idle = new CancellationTokenSource?[Places];

    /// <summary>A source of the system's clock that is cancelled after some time.</summary>
    public CancellationTokenSource Take(TimeSpan timeout)
    {
        CancellationTokenSource? source = null;
        for (int i = 0; source is null && i < Places; i++)
        {
            source = _idle[i] is null ? null : Interlocked.Exchange(ref _idle[i], null);
        }

        source ??= new CancellationTokenSource();
        source.CancelAfter(timeout);
        return source;
    }

    /// <summary>Takes a source back whose token nobody looks at any more.</summary>
    public void Return(CancellationTokenSource source)
    {
        if (source.TryReset())
        {
            for (int i = 0; i < Places; i++)
            {
                if (_idle[i] is null && Interlocked.CompareExchange(ref _idle[i], source, null) is null)
                {
                    return;
                }
            }
        }

        source.Dispose();
    }
}
