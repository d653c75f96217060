namespace DistAttention.Calls;

/// <summary>Adds up what the tiles of a call did, and reports progress.</summary>
internal sealed class CallTotals(long rows, IProgress<AttentionProgress>? progress)
{
    private readonly Lock _lock = new();
    private long _done;
    private long _visited;
    private long _skipped;
    private long _partials;
    private long _retries;
    private long _merges;
    private AttentionActuals _actuals;

    public void Add(int tileRows, long visited, long skipped, int partials, int retries, AttentionActuals actuals)
    {
        lock (_lock)
        {
            _done += tileRows;
            _visited += visited;
            _skipped += skipped;
            _partials += partials;
            _retries += retries;
            _merges += Math.Max(0, partials - 1);
            _actuals += actuals;

            // Inside the lock, so that what is reported never goes back.
            progress?.Report(new AttentionProgress(_done, rows));
        }
    }

    public AttentionSummary Summary(SequenceSnapshot snapshot, long firstQueryPosition) =>
        new(snapshot, firstQueryPosition, rows, _visited, _skipped, _partials, _retries) { Actuals = _actuals, Merges = _merges };
}
