namespace DistAttention.Calls;

/// <summary>
/// How long a thread takes for a unit of work: the time that all threads worked over the work that ended meanwhile, in stretches long enough
/// for calls that begin and end in different ones not to matter. Slower stretches are believed sooner than faster ones: letting in too much costs
/// more than letting in too little. Not thread-safe.
/// </summary>
/// <param name="busyTime">Time that threads have worked so far, all together.</param>
internal sealed class WorkPace(Func<TimeSpan> busyTime)
{
    /// <summary>
    /// Taken for true until enough was measured: slow, so that the first calls of a flood are not all let in, but not as slow as the first calls of a
    /// process are, for which code is compiled.
    /// </summary>
    private const double FirstGuess = 1e-10;

    private const double ShareOfSlower = 1.0 / 2; // of the newest stretch, if it was slower than the mean
    private const double ShareOfFaster = 1.0 / 8;
    private const int CallsPerStretch = 16;
    private const int FirstCalls = 64;

    private static readonly TimeSpan _leastBusy = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan _firstBusy = TimeSpan.FromSeconds(1);

    private TimeSpan _since = busyTime();
    private double _secondsPerUnit = FirstGuess;
    private bool _isMeasured;
    private double _work;
    private int _calls;

    /// <summary>How long one thread takes for some work.</summary>
    public TimeSpan TimeOf(double work) => TimeSpan.FromSeconds(Math.Min(work * _secondsPerUnit, TimeSpan.FromDays(1).TotalSeconds));

    /// <summary>Takes note of work that is done.</summary>
    public void Done(double work)
    {
        _work += work;
        _calls++;
        TimeSpan now = busyTime();
        TimeSpan busy = now - _since;
        if (busy < (_isMeasured ? _leastBusy : _firstBusy) || _calls < (_isMeasured ? CallsPerStretch : FirstCalls) || _work <= 0)
        {
            return;
        }

        double measured = busy.TotalSeconds / _work;
        double share = !_isMeasured ? 1 : measured > _secondsPerUnit ? ShareOfSlower : ShareOfFaster;
        _secondsPerUnit += (measured - _secondsPerUnit) * share;
        (_isMeasured, _since, _work, _calls) = (true, now, 0, 0);
    }
}
