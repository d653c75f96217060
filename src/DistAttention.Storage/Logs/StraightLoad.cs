using System.Buffers;
using DistAttention.Engine.Shards;
using DistAttention.Kernels;
using DistAttention.Storage.Files;

namespace DistAttention.Storage.Logs;

/// <summary>
/// Reads a log straight into a shard, front to back, by several readers at once: each takes the next record, reads it into a buffer that
/// stays in its cache, checks it and packs it. It works for logs in which nothing overlaps and nothing is broken or missing, so that
/// neither order nor what was durable matters; for all others it gives up, and they are read as <see cref="ShardLog"/> does.
/// </summary>
/// <remarks>Headers are not read ahead of the rows: pages here and there that are in memory already would break up the system's reading ahead.</remarks>
internal sealed class StraightLoad : IDisposable
{
    private readonly List<(IVolumeFile File, int Rows)> _segments = [];
    private readonly ShardLoad _load;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly RowCoverage _covered = new();
    private readonly byte[] _header = new byte[Math.Max(RecordHeader.Length, SegmentHeader.Length)];
    private int _segment = -1;
    private SegmentHeader? _shape; // of the first segment
    private SegmentHeader? _current;
    private long _at;
    private bool _failed;

    private StraightLoad(ShardLoad load)
    {
        _load = load;
        _covered.Add(new PositionRange(0, load.FirstRow));
    }

    /// <summary>Loads a shard.</summary>
    /// <param name="volume">Where its folder is.</param>
    /// <param name="folder">Its folder.</param>
    /// <param name="load">Receives the rows.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <returns>Whether every committed row was found. Otherwise rows may have been given that do not count.</returns>
    public static async ValueTask<bool> TryAsync(IVolume volume, string folder, ShardLoad load, CancellationToken cancellationToken)
    {
        using StraightLoad straight = new(load);
        foreach (string name in await volume.ListAsync(folder).ConfigureAwait(false))
        {
            if (SegmentName.TryParse(name) is { } segment
                && await volume.OpenAsync($"{folder}/{name}", write: false).ConfigureAwait(false) is { } file)
            {
                straight._segments.Add((file, segment.Rows ?? int.MaxValue));
            }
        }

        if (load.Readers == 1)
        {
            await straight.ReadAsync(cancellationToken).ConfigureAwait(false);
        }
        else
        {
            await Task.WhenAll(Enumerable.Range(0, load.Readers).Select(_ => Task.Run(() => straight.ReadAsync(cancellationToken), cancellationToken))).ConfigureAwait(false);
        }

        return !straight._failed && straight._covered.ContiguousEnd >= load.CommittedRows;
    }

    public void Dispose()
    {
        foreach ((IVolumeFile file, _) in _segments)
        {
            file.Dispose();
        }

        _turn.Dispose();
    }

    /// <summary>One reader.</summary>
    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        byte[] buffer = [];
        try
        {
            while (await TakeAsync(cancellationToken).ConfigureAwait(false) is { } next)
            {
                await _load.EnterAsync(cancellationToken).ConfigureAwait(false);
                try
                {
                    RecordHeader record = next.Record;
                    if (record.PayloadLength > buffer.Length)
                    {
                        ArrayPool<byte>.Shared.Return(buffer);
                        buffer = ArrayPool<byte>.Shared.Rent((int)record.PayloadLength);
                    }

                    Memory<byte> payload = buffer.AsMemory(0, (int)record.PayloadLength);
                    int got = await next.File.ReadAsync(record.Offset + RecordHeader.Length, payload).ConfigureAwait(false);
                    if (got < payload.Length || Crc32C.Of(payload.Span) != record.PayloadChecksum)
                    {
                        Volatile.Write(ref _failed, true);
                        return;
                    }

                    _load.Add(new StoredRows(record.FirstIdx, next.End - record.FirstIdx, record.Count, payload.Span));
                }
                finally
                {
                    _load.Leave();
                }
            }
        }
        catch
        {
            Volatile.Write(ref _failed, true); // the others need not go on
            throw;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>The next record with rows that are wanted; null when there is none, or it was given up.</summary>
    private async ValueTask<(IVolumeFile File, RecordHeader Record, int End)?> TakeAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            while (!Volatile.Read(ref _failed))
            {
                if (_current is null || _at >= _segments[_segment].File.Length)
                {
                    if (!await NextSegmentAsync().ConfigureAwait(false))
                    {
                        return null;
                    }

                    continue;
                }

                (IVolumeFile file, int rows) = _segments[_segment];
                int read = await file.ReadAsync(_at, _header.AsMemory(0, RecordHeader.Length)).ConfigureAwait(false);
                if (RecordHeader.TryRead(_header.AsSpan(0, read), _at) is not { } record || !record.Fits(_current))
                {
                    Volatile.Write(ref _failed, true);
                    return null;
                }

                _at = record.End;
                int end = Math.Min(record.FirstIdx + record.Count, rows);
                if (record.FirstIdx >= end || end <= _load.FirstRow)
                {
                    continue;
                }

                if (TryCover(record.FirstIdx, end))
                {
                    return (file, record, end);
                }
            }

            return null;
        }
        catch
        {
            Volatile.Write(ref _failed, true);
            throw;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Fails where wanted rows come twice: then it matters which ones count.</summary>
    private bool TryCover(int first, int end)
    {
        PositionRange wanted = new PositionRange(first, end).Intersect(new PositionRange(_load.FirstRow, _load.CommittedRows));
        bool isNew = wanted.IsEmpty || !_covered.Overlaps(wanted);
        _covered.Add(wanted);
        if (!isNew)
        {
            Volatile.Write(ref _failed, true);
        }

        return isNew;
    }

    private async ValueTask<bool> NextSegmentAsync()
    {
        _current = null;
        if (++_segment >= _segments.Count)
        {
            _segment = _segments.Count;
            return false;
        }

        IVolumeFile file = _segments[_segment].File;
        int read = await file.ReadAsync(0, _header.AsMemory(0, SegmentHeader.Length)).ConfigureAwait(false);
        _current = SegmentHeader.TryRead(file.Path, _header.AsSpan(0, read));
        _at = SegmentHeader.Length;
        if (_current is null || _current.Shard.Index != _load.Id.Index || (_shape is not null && _shape.Layout != _current.Layout))
        {
            Volatile.Write(ref _failed, true);
            return false;
        }

        if (_shape is null)
        {
            _shape = _current;
            _load.Reserve(_current.Spec, _load.CommittedRows, filled: true);
        }

        return true;
    }
}
