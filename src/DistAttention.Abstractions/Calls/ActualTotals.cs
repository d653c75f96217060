namespace DistAttention.Calls;

/// <summary>Adds up what the steps of tiles took, from many threads, without a lock.</summary>
internal struct ActualTotals
{
    private long _planTicks;
    private Step _ask;
    private Step _merge;
    private long _finishTicks;

    /// <summary>Everything added.</summary>
    public readonly AttentionActuals Sum => new(TimeSpan.FromTicks(_planTicks), _ask.Sum, _merge.Sum, TimeSpan.FromTicks(_finishTicks));

    public void Add(AttentionActuals actuals)
    {
        Interlocked.Add(ref _planTicks, actuals.Plan.Ticks);
        _ask.Add(actuals.Ask);
        _merge.Add(actuals.Merge);
        Interlocked.Add(ref _finishTicks, actuals.Finish.Ticks);
    }

    private struct Step
    {
        private long _ticks;
        private long _bytes;

        public readonly StepActual Sum => new(TimeSpan.FromTicks(_ticks), _bytes);

        public void Add(StepActual actual)
        {
            Interlocked.Add(ref _ticks, actual.Time.Ticks);
            Interlocked.Add(ref _bytes, actual.Bytes);
        }
    }
}
