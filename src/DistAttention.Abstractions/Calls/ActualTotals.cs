namespace DistAttention.Calls;

/// <summary>Adds up what the steps of tiles took, from many threads, without a lock.</summary>
internal struct ActualTotals
{
    private Step _plan;
    private Step _ask;
    private Step _merge;
    private Step _finish;

    /// <summary>Everything added.</summary>
    public readonly AttentionActuals Sum => new(_plan.Sum, _ask.Sum, _merge.Sum, _finish.Sum);

    public void Add(AttentionActuals actuals)
    {
        _plan.Add(actuals.Plan);
        _ask.Add(actuals.Ask);
        _merge.Add(actuals.Merge);
        _finish.Add(actuals.Finish);
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
