using System.Diagnostics;
using DistAttention.Kernels;

namespace DistAttention.Engine.Compute;

/// <summary>
/// Dedicated threads for kernels, so that neither the thread pool nor a grain's turn ever computes. Callers that have work waiting get equal
/// shares of the threads' time; among one caller's jobs, short ones go before long ones, and the first comes first. The queue is bounded.
/// </summary>
public sealed class ComputePool : IDisposable
{
    /// <summary>How much of its caller's short work a long job waits for, before one of its items has a turn.</summary>
    private static readonly TimeSpan _longPatience = TimeSpan.FromMilliseconds(100);

    private readonly Lock _jobsLock = new();
    private readonly FairQueue<ComputeJob> _jobs = new(_longPatience.TotalSeconds * Stopwatch.Frequency);
    private readonly SemaphoreSlim _wake = new(0);
    private readonly Thread[] _threads;
    private readonly KernelScratch? _inline;
    private readonly int _maxQueuedJobs;
    private int _busyThreads;
    private long _itemsRun;
    private long _busyTicks;
    private bool _disposed;

    /// <summary>Starts the threads.</summary>
    /// <param name="threads">How many, at least 1.</param>
    /// <param name="maxQueuedJobs">Jobs with items left to start before further ones are refused.</param>
    public ComputePool(int threads, int maxQueuedJobs)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(threads);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxQueuedJobs);
        _maxQueuedJobs = maxQueuedJobs;
        _threads = new Thread[threads];
        for (int i = 0; i < threads; i++)
        {
            int worker = i;
            _threads[i] = new Thread(() => Work(worker)) { IsBackground = true, Name = $"distattention-compute-{i}" };
            _threads[i].Start();
        }
    }

    private ComputePool(KernelScratch inline)
    {
        _inline = inline;
        _threads = [];
    }

    /// <summary>
    /// A pool without threads: a job runs to its end inside <see cref="RunAsync"/>, one at a time. For programs that must do everything
    /// in one order, such as simulations.
    /// </summary>
    public static ComputePool Inline() => new(new KernelScratch());

    /// <summary>Threads that work; 1 where it is the caller's.</summary>
    public int Threads => Math.Max(1, _threads.Length);

    /// <summary>Whether it has threads of its own: work then goes on beside the caller's.</summary>
    public bool HasThreads => _inline is null;

    /// <summary>Threads that are inside an item now.</summary>
    public int BusyThreads => Volatile.Read(ref _busyThreads);

    /// <summary>Items run so far: grows as long as the pool gets on.</summary>
    public long ItemsRun => Interlocked.Read(ref _itemsRun);

    /// <summary>Time that threads have spent inside items so far, all threads together.</summary>
    public TimeSpan BusyTime => Stopwatch.GetElapsedTime(0, Interlocked.Read(ref _busyTicks));

    /// <summary>Jobs that have items no thread has taken yet.</summary>
    public int QueuedJobs
    {
        get
        {
            lock (_jobsLock)
            {
                return _jobs.Count;
            }
        }
    }

    /// <summary>Runs a job.</summary>
    /// <param name="job">The job; each is run once.</param>
    /// <returns>Completes when its last item has, and fails as its first failing item did; to be awaited once.</returns>
    /// <exception cref="OverloadedException">The queue is full.</exception>
    public ValueTask RunAsync(ComputeJob job)
    {
        if (_inline is not null)
        {
            RunHere(job, _inline);
            return job.Completion;
        }

        lock (_jobsLock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (!job.IsContinuation && _jobs.Count >= _maxQueuedJobs)
            {
                throw new OverloadedException("The queue of compute jobs", TimeSpan.FromMilliseconds(100));
            }

            _jobs.Enqueue(job, job.Caller, job.IsShort);
        }

        _wake.Release(Math.Min(job.ItemCount, _threads.Length));
        return job.Completion;
    }

    /// <summary>Ends the threads after the items they are in; jobs that still have items then fail.</summary>
    public void Dispose()
    {
        lock (_jobsLock)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
        }

        _wake.Release(Threads);
        foreach (Thread thread in _threads)
        {
            thread.Join();
        }

        foreach (ComputeJob job in _jobs.Waiting)
        {
            job.Abandon(new ObjectDisposedException(nameof(ComputePool)));
        }

        _wake.Dispose();
        _inline?.Dispose();
    }

    private void RunHere(ComputeJob job, KernelScratch scratch)
    {
        lock (scratch)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            while (job.HasItems)
            {
                job.RunItem(job.TakeItem(worker: 0), scratch);
            }
        }
    }

    private void Work(int worker)
    {
        if (OperatingSystem.IsLinux())
        {
            LinuxThreads.PreferThroughput();
        }

        using KernelScratch scratch = new();
        while (true)
        {
            _wake.Wait();
            while (TryTake(worker, out ComputeJob? job, out int item, out FairQueue<ComputeJob>.Turn turn))
            {
                Interlocked.Increment(ref _busyThreads);
                long started = Stopwatch.GetTimestamp();
                try
                {
                    job.RunItem(item, scratch);
                }
                finally
                {
                    Charge(turn, Stopwatch.GetTimestamp() - started);
                    Interlocked.Decrement(ref _busyThreads);
                    Interlocked.Increment(ref _itemsRun);
                }
            }

            lock (_jobsLock)
            {
                if (_disposed)
                {
                    return;
                }
            }
        }
    }

    private bool TryTake(int worker, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out ComputeJob? job, out int item, out FairQueue<ComputeJob>.Turn turn)
    {
        lock (_jobsLock)
        {
            if (_disposed || !_jobs.TryPeek(out job, out turn))
            {
                (job, item, turn) = (null, -1, default);
                return false;
            }

            item = job.TakeItem(worker);
            if (!job.HasItems)
            {
                _jobs.Dequeue(turn);
            }

            _jobs.Begin(ref turn);
            return true;
        }
    }

    private void Charge(FairQueue<ComputeJob>.Turn turn, long ticks)
    {
        Interlocked.Add(ref _busyTicks, ticks);
        lock (_jobsLock)
        {
            _jobs.End(turn, ticks);
        }
    }
}
