namespace DistAttention.Calls;

/// <summary>
/// The door of a process: a call is let in at once or refused at once, so that nothing grows with the number of those who wait outside. Three
/// rules. Calls in progress and their bytes are bounded. Of what is still free a caller may hold at most <see cref="Alpha"/> times as much as
/// it leaves to others, so that the first to come does not take everything (dynamic thresholds, Choudhury and Hahne 1998). And a call is let in
/// only if, in the order in which the compute pool serves callers, its turn should come well before its deadline: what is let in is answered
/// in time, and no work is done in vain.
/// </summary>
/// <remarks>
/// How long work takes is measured: the time that the pool's threads were busy over the work of the calls that ended meanwhile, old calls fading.
/// Where calls are worked on elsewhere too, the time during which any call was in progress counts as busy: what is then measured is the rate at
/// which everybody together answers.
/// </remarks>
public sealed class CallGate
{
    /// <summary>What one caller may hold, as a multiple of what is free.</summary>
    private const int Alpha = 4;

    /// <summary>Share of the time left, after the call's own work, that may go by in waiting. The rest is for a machine that has to do other things meanwhile.</summary>
    private const double WaitShare = 0.25;

    /// <summary>Calls in progress, or twice the threads, up to which none is refused for the time it would wait: what is measured of small calls says little about a few large ones.</summary>
    private const int FewCalls = 4;

    /// <summary>Waiting that no call is refused for.</summary>
    private static readonly TimeSpan _noWait = TimeSpan.FromMilliseconds(20);

    private static readonly TimeSpan _leastRetry = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan _mostRetry = TimeSpan.FromSeconds(5);

    /// <summary>Callers without calls in progress that are kept, so that a call that comes alone allocates nothing.</summary>
    private const int IdleCallers = 64;

    private readonly Lock _lock = new();
    private readonly Dictionary<CallerId, Caller> _callers = [];
    private readonly AdmissionLimits _limits;
    private readonly int _threads;
    private readonly TimeProvider _time;
    private readonly WorkPace _pace;
    private TimeSpan _withCalls; // time with calls in progress, up to the last time that there were none
    private long _firstSince; // when the first call came since
    private int _calls;
    private long _bytes;
    private long _refused;

    /// <summary>Makes a gate.</summary>
    /// <param name="limits">What it lets in.</param>
    /// <param name="threads">Threads that work at a time.</param>
    /// <param name="busyTime">Time that these threads have worked so far, all together; null where calls are worked on elsewhere too.</param>
    /// <param name="time">The clock; null for the system's.</param>
    public CallGate(AdmissionLimits limits, int threads, Func<TimeSpan>? busyTime, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(limits);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(threads);
        _limits = limits;
        _threads = threads;
        _time = time ?? TimeProvider.System;
        _pace = new WorkPace(busyTime ?? TimeWithCalls);
    }

    /// <summary>Calls in progress.</summary>
    public int Calls
    {
        get
        {
            lock (_lock)
            {
                return _calls;
            }
        }
    }

    /// <summary>Bytes of calls in progress.</summary>
    public long Bytes
    {
        get
        {
            lock (_lock)
            {
                return _bytes;
            }
        }
    }

    /// <summary>Callers that have calls in progress.</summary>
    public int Callers
    {
        get
        {
            lock (_lock)
            {
                return _callers.Values.Count(static c => c.Calls > 0);
            }
        }
    }

    /// <summary>Calls refused so far.</summary>
    public long Refused => Interlocked.Read(ref _refused);

    /// <summary>Lets a call in, until <see cref="Leave"/>.</summary>
    /// <param name="cost">What it takes.</param>
    /// <exception cref="OverloadedException">There is no room for it, or not in time; says when there may be.</exception>
    public void Enter(in CallCost cost)
    {
        if (TryEnter(cost) is { } refusal)
        {
            throw refusal;
        }
    }

    /// <summary>Lets a call in, until <see cref="Leave"/>. Nothing is thrown: in a flood, refusing has to cost far less than answering.</summary>
    /// <param name="cost">What it takes.</param>
    /// <returns>Null if it is let in; otherwise there is no room for it, or not in time, and this says when there may be.</returns>
    public OverloadedException? TryEnter(in CallCost cost)
    {
        lock (_lock)
        {
            _callers.TryGetValue(cost.Caller, out Caller? caller);
            if (WhatIsFull(cost, caller) is { } full)
            {
                _refused++;

                // When about half of what is in progress should be done.
                return new OverloadedException(full, Retry(_pace.TimeOf(_callers.Values.Sum(static c => c.Work) / _threads / 2)));
            }

            if (_calls >= Math.Max(FewCalls, 2 * _threads) && TimeTooShort(cost, caller) is var missing && missing > TimeSpan.Zero)
            {
                _refused++;
                return new OverloadedException("The queue of calls that can be answered in time", Retry(missing));
            }

            if (caller is null)
            {
                _callers.Add(cost.Caller, caller = new Caller());
            }

            caller.Add(cost, 1);
            _firstSince = _calls == 0 ? _time.GetTimestamp() : _firstSince;
            _calls++;
            _bytes += cost.Bytes;
            return null;
        }
    }

    /// <summary>Ends a call that was let in.</summary>
    /// <param name="cost">What it was let in with.</param>
    /// <param name="isDone">Whether it was answered: then its work is what it took.</param>
    public void Leave(in CallCost cost, bool isDone)
    {
        lock (_lock)
        {
            Caller caller = _callers[cost.Caller];
            caller.Add(cost, -1);
            _withCalls += _calls == 1 ? _time.GetElapsedTime(_firstSince) : TimeSpan.Zero;
            _calls--;
            _bytes -= cost.Bytes;
            if (caller.Calls == 0 && _callers.Count > IdleCallers)
            {
                _callers.Remove(cost.Caller);
            }

            if (isDone)
            {
                _pace.Done(cost.Work);
            }
        }
    }

    /// <summary>
    /// How long a call would wait for the work of others before its own is done. While callers are served in equal shares, until a caller has got
    /// through its own backlog and the call, each other one has been given at most as much.
    /// </summary>
    private TimeSpan WaitOf(in CallCost cost, Caller? caller)
    {
        double before = caller is null ? 0 : cost.IsShort ? caller.ShortWork : caller.Work;
        double work = before;
        foreach (Caller other in _callers.Values)
        {
            if (other != caller)
            {
                work += Math.Min(other.Work, before + cost.Work);
            }
        }

        return _pace.TimeOf(work / _threads);
    }

    /// <summary>As long as any call is in progress, all threads count as busy.</summary>
    private TimeSpan TimeWithCalls() => (_withCalls + (_calls > 0 ? _time.GetElapsedTime(_firstSince) : TimeSpan.Zero)) * _threads;

    private string? WhatIsFull(in CallCost cost, Caller? caller)
    {
        int calls = caller?.Calls ?? 0;
        long bytes = caller?.Bytes ?? 0;
        return calls >= _limits.MaxCallsPerCaller ? $"{OverloadedException.CallersOwn} quota of calls in progress"
            : bytes > 0 && cost.Bytes > _limits.MaxCallBytesPerCaller - bytes ? $"{OverloadedException.CallersOwn} quota of bytes of calls in progress"
            : _calls >= _limits.MaxCalls ? "The queue of calls"
            : _calls > 0 && cost.Bytes > _limits.MaxCallBytes - _bytes ? "The room for bytes of calls in progress"
            : calls > Alpha * ((long)_limits.MaxCalls - _calls) ? $"{OverloadedException.CallersOwn} share of the queue of calls"
            : bytes > 0 && bytes + cost.Bytes > Alpha * (double)(_limits.MaxCallBytes - _bytes) ? $"{OverloadedException.CallersOwn} share of the room for bytes of calls in progress"
            : null;
    }

    /// <summary>By how much the call would wait longer than it may.</summary>
    private TimeSpan TimeTooShort(in CallCost cost, Caller? caller)
    {
        TimeSpan wait = WaitOf(cost, caller);
        if (wait <= _noWait || cost.TimeLeft == Timeout.InfiniteTimeSpan)
        {
            return TimeSpan.Zero;
        }

        return wait - ((cost.TimeLeft - _pace.TimeOf(cost.Work / _threads)) * WaitShare);
    }

    private static TimeSpan Retry(TimeSpan after) => after < _leastRetry ? _leastRetry : after > _mostRetry ? _mostRetry : after;

    /// <summary>What a caller has in progress.</summary>
    private sealed class Caller
    {
        public int Calls { get; private set; }

        public long Bytes { get; private set; }

        public double Work { get; private set; }

        public double ShortWork { get; private set; }

        public void Add(in CallCost cost, int sign)
        {
            Calls += sign;
            Bytes += sign * cost.Bytes;
            Work = Math.Max(0, Work + (sign * cost.Work));
            ShortWork = cost.IsShort ? Math.Max(0, ShortWork + (sign * cost.Work)) : ShortWork;
        }
    }
}
