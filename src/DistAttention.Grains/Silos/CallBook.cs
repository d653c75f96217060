using DistAttention.Contracts;
using DistAttention.Engine.Compute;

namespace DistAttention.Grains;

/// <summary>
/// The calls that this silo is working on, so that a caller who wonders can ask, and one who no longer wants an answer can say
/// so, even if that comes before the call itself.
/// </summary>
internal sealed class CallBook(ComputePool pool, TimeProvider time)
{
    /// <summary>How long a cancellation waits for its call. A call that takes longer on its way is given up by its caller's own timer.</summary>
    private static readonly TimeSpan _waitForCall = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private readonly Dictionary<Guid, List<Entry>> _running = [];
    private readonly Dictionary<Guid, long> _refused = [];
    private readonly Queue<(Guid CallId, long Since)> _refusedInOrder = new();
    private long _heard;

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _running.Count;
            }
        }
    }

    /// <summary>How a call stands. Steps are items of the compute pool, and answers of other silos that calls of this one wait for.</summary>
    public CallProgress Ask(Guid callId)
    {
        lock (_lock)
        {
            return new CallProgress(_running.ContainsKey(callId), pool.ItemsRun + Interlocked.Read(ref _heard));
        }
    }

    /// <summary>Counts news from another silo as progress.</summary>
    public void Hear() => Interlocked.Increment(ref _heard);

    /// <summary>Enters a call until the result is disposed. The same call may be entered more than once.</summary>
    /// <param name="callId">The call.</param>
    /// <param name="cancellationToken">The transport's own cancellation.</param>
    public Entry Begin(Guid callId, CancellationToken cancellationToken)
    {
        Entry entry = new(this, callId, cancellationToken);
        lock (_lock)
        {
            if (!_running.TryGetValue(callId, out List<Entry>? same))
            {
                _running[callId] = same = [];
            }

            same.Add(entry);
            if (!_refused.ContainsKey(callId))
            {
                return entry;
            }
        }

        entry.Cancel();
        return entry;
    }

    /// <summary>Ends a call, now or when it comes.</summary>
    public void Cancel(Guid callId)
    {
        Entry[] running;
        lock (_lock)
        {
            ForgetOldRefusals();
            running = _running.TryGetValue(callId, out List<Entry>? same) ? [.. same] : [];
            if (running.Length == 0 && _refused.TryAdd(callId, time.GetTimestamp()))
            {
                _refusedInOrder.Enqueue((callId, time.GetTimestamp()));
            }
        }

        foreach (Entry entry in running)
        {
            entry.Cancel();
        }
    }

    private void ForgetOldRefusals()
    {
        while (_refusedInOrder.TryPeek(out (Guid CallId, long Since) oldest) && time.GetElapsedTime(oldest.Since) > _waitForCall)
        {
            _refusedInOrder.Dequeue();
            _refused.Remove(oldest.CallId);
        }
    }

    private void End(Entry entry)
    {
        lock (_lock)
        {
            List<Entry> same = _running[entry.CallId];
            same.Remove(entry);
            if (same.Count == 0)
            {
                _running.Remove(entry.CallId);
            }
        }
    }

    /// <summary>One call while it runs.</summary>
    public sealed class Entry : IDisposable
    {
        private readonly CallBook _book;
        private readonly CancellationTokenSource _stop;
        private readonly Lock _lock = new();
        private bool _ended;

        public Entry(CallBook book, Guid callId, CancellationToken cancellationToken)
        {
            _book = book;
            CallId = callId;
            _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            Token = _stop.Token;
        }

        public Guid CallId { get; }

        /// <summary>Cancelled when the call is no longer wanted.</summary>
        public CancellationToken Token { get; }

        public void Cancel()
        {
            lock (_lock)
            {
                if (!_ended)
                {
                    _stop.Cancel();
                }
            }
        }

        public void Dispose()
        {
            lock (_lock)
            {
                if (_ended)
                {
                    return;
                }

                _ended = true;
            }

            _book.End(this);
            _stop.Dispose();
        }
    }
}
