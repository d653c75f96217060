namespace DistAttention.Simulator.Worlds;

/// <summary>
/// Runs a program of asynchronous calls in one order only. The process has one pool thread (see <see cref="RequireOneThread"/>), which
/// runs continuations in the order in which they were queued; when none is left the next event happens.
/// </summary>
internal sealed class Driver : IThreadPoolWorkItem
{
    private static readonly TimeSpan _mostTime = TimeSpan.FromSeconds(30); // of real time: a seed takes milliseconds

    private readonly EventQueue _events;
    private readonly Func<bool> _isDone;
    private readonly TaskCompletionSource<bool> _ended = new();

    private Driver(EventQueue events, Func<bool> isDone)
    {
        _events = events;
        _isDone = isDone;
    }

    /// <summary>Makes this a process with one pool thread. It must have been started with <c>DOTNET_PROCESSOR_COUNT=1</c>.</summary>
    public static void RequireOneThread()
    {
        if (Environment.ProcessorCount != 1 || !ThreadPool.SetMinThreads(1, 1) || !ThreadPool.SetMaxThreads(1, 1))
        {
            throw new InvalidOperationException("A simulation needs a process that was started with DOTNET_PROCESSOR_COUNT=1.");
        }
    }

    /// <summary>Lets events happen until a program is done. Called outside the pool.</summary>
    /// <param name="events">The world's events.</param>
    /// <param name="start">Starts the program.</param>
    /// <param name="isDone">Whether it is done.</param>
    /// <returns>False if nothing was left to happen before.</returns>
    /// <exception cref="TimeoutException">Something runs on without ever waiting. The process has lost its one thread to it.</exception>
    public static bool Run(EventQueue events, Action start, Func<bool> isDone)
    {
        Driver driver = new(events, isDone);
        events.After(0, start);
        ThreadPool.UnsafeQueueUserWorkItem(driver, preferLocal: false);
        return driver._ended.Task.Wait(_mostTime)
            ? driver._ended.Task.Result
            : throw new TimeoutException($"it goes round in circles at {TimeSpan.FromTicks(events.Now).TotalMilliseconds} ms");
    }

    void IThreadPoolWorkItem.Execute()
    {
        try
        {
            while (ThreadPool.PendingWorkItemCount == 0)
            {
                if (_isDone())
                {
                    _ended.SetResult(true);
                    return;
                }

                if (!_events.TryNext())
                {
                    _ended.SetResult(false);
                    return;
                }
            }

            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
        catch (Exception e)
        {
            _ended.SetException(e);
        }
    }
}
