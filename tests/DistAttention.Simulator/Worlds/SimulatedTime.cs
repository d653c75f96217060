namespace DistAttention.Simulator.Worlds;

/// <summary>The clock that the engine sees: it moves when events happen, and only then.</summary>
internal sealed class SimulatedTime(EventQueue events) : TimeProvider
{
    private static readonly DateTimeOffset _start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => events.Now;

    public override DateTimeOffset GetUtcNow() => _start + TimeSpan.FromTicks(events.Now);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        Timer timer = new(events, () => callback(state), period);
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class Timer(EventQueue events, Action callback, TimeSpan period) : ITimer
    {
        private Event? _due;
        private TimeSpan _period = period;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            _due?.Cancel();
            _period = period;
            _due = dueTime == Timeout.InfiniteTimeSpan ? null : events.After(dueTime.Ticks, Fire);
            return true;
        }

        public void Dispose() => _due?.Cancel();

        public ValueTask DisposeAsync()
        {
            Dispose();
            return default;
        }

        private void Fire()
        {
            if (_period > TimeSpan.Zero)
            {
                _due = events.After(_period.Ticks, Fire);
            }

            callback();
        }
    }
}
