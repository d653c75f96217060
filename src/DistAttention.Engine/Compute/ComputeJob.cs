using System.Runtime.ExceptionServices;
using System.Threading.Tasks.Sources;
using DistAttention.Calls;
using DistAttention.Kernels;

namespace DistAttention.Engine.Compute;

/// <summary>Kernel work cut into items that the pool's threads run in order, several at a time. It is its own completion, awaited once.</summary>
public abstract class ComputeJob : IValueTaskSource
{
    private ManualResetValueTaskSourceCore<bool> _completion = new() { RunContinuationsAsynchronously = true };
    private bool _isOver;
    private ExceptionDispatchInfo? _failure;
    private int _next;
    private int _unfinished;

    /// <summary>Makes a job.</summary>
    /// <param name="itemCount">Items, at least 1.</param>
    /// <param name="isShort">Whether it goes before long jobs: decode steps before prefill.</param>
    /// <param name="cancellationToken">Stops the job between items, and inside them if they look at it.</param>
    protected ComputeJob(int itemCount, bool isShort, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(itemCount);
        ItemCount = itemCount;
        IsShort = isShort;
        CancellationToken = cancellationToken;
        _unfinished = itemCount;
    }

    /// <summary>Items in all. Put the large ones first: the threads then finish together.</summary>
    public int ItemCount { get; }

    /// <summary>Whether it goes before long jobs.</summary>
    public bool IsShort { get; }

    /// <summary>On whose behalf it runs.</summary>
    public CallerId Caller { get; init; }

    /// <summary>Whether it ends a call that was let in before: never refused, or the work done for it would be thrown away.</summary>
    public virtual bool IsContinuation => false;

    /// <summary>Stops the job.</summary>
    protected CancellationToken CancellationToken { get; }

    internal ValueTask Completion => new(this, _completion.Version);

    internal bool HasItems => _next < ItemCount;

    /// <summary>Runs one item.</summary>
    /// <param name="item">0 to ItemCount − 1.</param>
    /// <param name="scratch">The thread's scratch memory.</param>
    protected abstract void Run(int item, KernelScratch scratch);

    /// <summary>Which item a thread starts as the next one; asked once per item, never by two threads at a time.</summary>
    /// <param name="started">How many were started before it.</param>
    /// <param name="worker">The thread, 0 to the pool's number of threads − 1.</param>
    protected virtual int ItemOf(int started, int worker) => started;

    /// <summary>Runs once, after the last item, on the thread that finished it; not after a failure.</summary>
    protected virtual void Finish()
    {
    }

    /// <summary>The next item; called under the pool's lock.</summary>
    internal int TakeItem(int worker) => ItemOf(_next++, worker);

    internal void RunItem(int item, KernelScratch scratch)
    {
        if (Volatile.Read(ref _failure) is null)
        {
            try
            {
                CancellationToken.ThrowIfCancellationRequested();
                Run(item, scratch);
            }
            catch (Exception e)
            {
                Interlocked.CompareExchange(ref _failure, ExceptionDispatchInfo.Capture(e), null);
            }
        }

        if (Interlocked.Decrement(ref _unfinished) == 0)
        {
            End();
        }
    }

    internal void Abandon(Exception reason) => Complete(reason);

    void IValueTaskSource.GetResult(short token) => _completion.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _completion.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _completion.OnCompleted(continuation, state, token, flags);

    private void End()
    {
        try
        {
            if (_failure is null)
            {
                Finish();
            }
        }
        catch (Exception e)
        {
            _failure = ExceptionDispatchInfo.Capture(e);
        }

        Complete(_failure?.SourceException);
    }

    private void Complete(Exception? failure)
    {
        if (Interlocked.Exchange(ref _isOver, true))
        {
            return;
        }

        if (failure is null)
        {
            _completion.SetResult(true);
        }
        else
        {
            _completion.SetException(failure);
        }
    }
}
