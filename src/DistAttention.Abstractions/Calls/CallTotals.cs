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

    public void Add(int tileRows, long visited, long skipped, int partials, int retries)
    {
        lock (_lock)
        {
            _done += tileRows;
            _visited += visited;
            _skipped += skipped;
            _partials += partials;
            _retries += retries;

            // Inside the lock, so that what is reported never goes back.
            progress?.Report(new AttentionProgress(_done, rows));
        }
    }

    public AttentionSummary Summary(SequenceSnapshot snapshot, long firstQueryPosition) =>
        new(snapshot, firstQueryPosition, rows, _visited, _skipped, _partials, _retries);
}
