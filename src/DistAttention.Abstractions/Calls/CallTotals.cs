namespace DistAttention.Calls;

/// <summary>Adds up what the tiles of a call did, and reports progress.</summary>
internal sealed class CallTotals(long rows, IProgress<AttentionProgress>? progress)
{
    private readonly Lock? _reporting = progress is null ? null : new();
    private long _done;
    private long _visited;
    private long _skipped;
    private long _partials;
    private long _retries;
    private long _merges;
    private ActualTotals _actuals;

    public void Add(int tileRows, long visited, long skipped, int partials, int retries, AttentionActuals actuals)
    {
        Interlocked.Add(ref _visited, visited);
        Interlocked.Add(ref _skipped, skipped);
        Interlocked.Add(ref _partials, partials);
        Interlocked.Add(ref _retries, retries);
        Interlocked.Add(ref _merges, Math.Max(0, partials - 1));
        _actuals.Add(actuals);
        if (_reporting is not null)
        {
            // Counted inside the lock, so that what is reported never goes back.
            lock (_reporting)
            {
                _done += tileRows;
                progress!.Report(new AttentionProgress(_done, rows));
            }
        }
    }

    public AttentionSummary Summary(SequenceSnapshot snapshot, long firstQueryPosition) =>
        new(snapshot, firstQueryPosition, rows, _visited, _skipped, _partials, _retries) { Actuals = _actuals.Sum, Merges = _merges };
}
