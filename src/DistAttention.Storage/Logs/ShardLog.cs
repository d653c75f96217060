using System.Runtime.CompilerServices;
using DistAttention.Engine.Shards;
using DistAttention.Kernels;
using DistAttention.Storage.Files;

namespace DistAttention.Storage.Logs;

/// <summary>
/// Reads the log of one shard: all its segments, each record once, in the order of their fences. A fence only ever rises and rows are
/// committed under the current one, so that where records overlap the one of the highest fence is the one that counts.
/// </summary>
internal sealed partial class ShardLog : IDisposable
{
    private readonly List<(IVolumeFile File, SegmentIndex Index, int Rows)> _segments = [];
    private readonly ShardId _shard;
    private readonly Action<StorageDamagedException>? _damaged;

    private ShardLog(ShardId shard, Action<StorageDamagedException>? damaged)
    {
        _shard = shard;
        _damaged = damaged;
    }

    /// <summary>Opens every segment in a folder and reads its headers.</summary>
    /// <param name="volume">Where the folder is.</param>
    /// <param name="folder">The shard's folder.</param>
    /// <param name="shard">The shard.</param>
    /// <param name="damaged">Told of damage, after which reading goes on behind it; null: damage is thrown.</param>
    public static async ValueTask<ShardLog> OpenAsync(IVolume volume, string folder, ShardId shard, Action<StorageDamagedException>? damaged)
    {
        ShardLog log = new(shard, damaged);
        try
        {
            foreach (string name in await volume.ListAsync(folder).ConfigureAwait(false))
            {
                if (SegmentName.TryParse(name) is not { } segment
                    || await volume.OpenAsync($"{folder}/{name}", write: false).ConfigureAwait(false) is not { } file)
                {
                    continue;
                }

                SegmentIndex index;
                try
                {
                    index = await SegmentIndex.ReadAsync(file, shard).ConfigureAwait(false);
                }
                catch (StorageDamagedException e) when (damaged is not null)
                {
                    file.Dispose();
                    damaged(e);
                    continue;
                }
                catch
                {
                    file.Dispose();
                    throw;
                }

                log._segments.Add((file, index, segment.Rows ?? int.MaxValue));
            }

            return log;
        }
        catch
        {
            log.Dispose();
            throw;
        }
    }

    /// <summary>Reads the rows. The memory of a write is valid until the next one is asked for.</summary>
    /// <param name="fromRow">What ends before this row is left out.</param>
    /// <param name="requiredRows">Rows known to be acknowledged: if a broken end took some of them, that is damage.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    public async IAsyncEnumerable<ShardWrite> ReadAsync(int fromRow, int requiredRows, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        RowCoverage read = new();
        read.Add(new PositionRange(0, fromRow));
        foreach ((IVolumeFile file, SegmentIndex index, int rows, RecordHeader record) in InOrder())
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (index.TornAt <= record.Offset || record.FirstIdx + record.Count <= fromRow)
            {
                continue; // behind a record whose rows turned out to be torn, or not wanted
            }

            using RecordRows memory = new(index.Header!.Layout, record.Count);
            int got = await file.ReadAsync(record.Offset + RecordHeader.Length, memory.Payload).ConfigureAwait(false);
            if (got < memory.Payload.Length || Crc32C.Of(memory.Payload.Span) != record.PayloadChecksum)
            {
                CutBefore(index, record);
                continue;
            }

            int count = Math.Min(record.Count, rows - record.FirstIdx);
            (ReadOnlyMemory<float> k, ReadOnlyMemory<float> v) = memory.Rows(count);
            read.Add(new PositionRange(record.FirstIdx, record.FirstIdx + count));
            yield return new ShardWrite(_shard, index.Header.Spec, record.Fence, record.Operation, record.FirstIdx, count, k, v);
        }

        RequireRows(read, requiredRows);
    }

    public void Dispose()
    {
        foreach ((IVolumeFile file, _, _) in _segments)
        {
            file.Dispose();
        }
    }

    private IEnumerable<(IVolumeFile File, SegmentIndex Index, int Rows, RecordHeader Record)> InOrder() =>
        _segments
            .SelectMany(static s => s.Index.Records.Where(r => r.FirstIdx < s.Rows).Select(r => (s.File, s.Index, s.Rows, Record: r)))
            .OrderBy(static r => r.Record.Fence)
            .ToList();

    private void CutBefore(SegmentIndex index, RecordHeader record)
    {
        try
        {
            index.CutBefore(record);
        }
        catch (StorageDamagedException e) when (_damaged is not null)
        {
            _damaged(e);
        }
    }

    /// <summary>A broken end may be a write that was never acknowledged; not if acknowledged rows went with it.</summary>
    private void RequireRows(RowCoverage read, int requiredRows)
    {
        int end = read.ContiguousEnd;
        if (end >= requiredRows || _damaged is not null)
        {
            return;
        }

        foreach ((_, SegmentIndex index, _) in _segments)
        {
            if (index.TornAt is { } torn)
            {
                long start = index.Header is { } header ? (long)header.Shard.Index * header.Spec.ShardLength : 0;
                PositionRange lost = index.Header is null ? default : new PositionRange(start + end, start + requiredRows);
                throw new StorageDamagedException(index.File, torn, lost, "acknowledged rows are missing from here on");
            }
        }
    }
}
