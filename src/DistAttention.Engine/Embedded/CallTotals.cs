using DistAttention.Engine.Execution;

namespace DistAttention.Engine;

/// <summary>Adds up what the tiles of a call did, and reports progress.</summary>
internal sealed class CallTotals(long rows, IProgress<AttentionProgress>? progress)
{
    private readonly Lock _lock = new();
    private long _done;
    private long _visited;
    private long _skipped;
    private long _partials;
    private long _retries;

    public void Add(TileOutcome tile, int tileRows)
    {
        lock (_lock)
        {
            _done += tileRows;
            _visited += tile.BlocksVisited;
            _skipped += tile.BlocksSkipped;
            _partials += tile.Partials;
            _retries += tile.Retries;

            // Inside the lock, so that what is reported never goes back.
            progress?.Report(new AttentionProgress(_done, rows));
        }
    }

    public AttentionSummary Summary(SequenceSnapshot snapshot, long firstQueryPosition) =>
        new(snapshot, firstQueryPosition, rows, _visited, _skipped, _partials, _retries);
}
