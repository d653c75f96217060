using DistAttention.Engine.Shards;

namespace DistAttention.Storage.Logs;

/// <summary>The segments that this process writes, one per shard; the longest unused are closed when there are many.</summary>
internal sealed class OpenSegments(Func<ShardId, SequenceSpec, ValueTask<SegmentWriter>> open) : IDisposable
{
    private const int Most = 256; // well below the usual limit of open files

    private readonly Lock _lock = new();
    private readonly Dictionary<ShardId, SegmentWriter> _open = [];
    private readonly SemaphoreSlim _opening = new(1, 1);
    private bool _disposed;

    /// <summary>Leases the writer of a shard, starting a segment if there is none.</summary>
    public async ValueTask<SegmentWriter> LeaseAsync(ShardId shard, SequenceSpec spec)
    {
        if (TryLease(shard) is { } ready)
        {
            return ready;
        }

        await _opening.WaitAsync().ConfigureAwait(false);
        try
        {
            if (TryLease(shard) is { } meanwhile)
            {
                return meanwhile;
            }

            SegmentWriter writer = await open(shard, spec).ConfigureAwait(false);
            lock (_lock)
            {
                if (_disposed)
                {
                    writer.Release();
                    throw new ObjectDisposedException(nameof(FileShardStore));
                }

                CloseLongestUnused();
                _open.Add(shard, writer);
                writer.Lease();
                return writer;
            }
        }
        finally
        {
            _opening.Release();
        }
    }

    /// <summary>Ends the segment of a shard; appends that run on it finish.</summary>
    public void Drop(ShardId shard)
    {
        lock (_lock)
        {
            if (_open.Remove(shard, out SegmentWriter? writer))
            {
                writer.Release();
            }
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            foreach (SegmentWriter writer in _open.Values)
            {
                writer.Release();
            }

            _open.Clear();
        }
    }

    private SegmentWriter? TryLease(ShardId shard)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (!_open.TryGetValue(shard, out SegmentWriter? writer))
            {
                return null;
            }

            writer.Lease();
            return writer;
        }
    }

    private void CloseLongestUnused()
    {
        if (_open.Count >= Most)
        {
            (ShardId shard, SegmentWriter writer) = _open.MinBy(static o => o.Value.LastUsed);
            _open.Remove(shard);
            writer.Release();
        }
    }
}
