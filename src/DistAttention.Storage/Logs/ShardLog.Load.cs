using System.Buffers;
using DistAttention.Engine.Shards;
using DistAttention.Kernels;
using DistAttention.Storage.Files;

namespace DistAttention.Storage.Logs;

internal sealed partial class ShardLog
{
    /// <summary>Reads the rows into a shard as <see cref="ReadAsync"/> reads them, record by record, in order.</summary>
    /// <param name="load">Receives the rows.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    public async ValueTask LoadAsync(ShardLoad load, CancellationToken cancellationToken)
    {
        RowCoverage read = new();
        read.Add(new PositionRange(0, load.FirstRow));
        SegmentIndex? first = null;
        byte[] buffer = [];
        try
        {
            foreach ((IVolumeFile file, SegmentIndex index, int rows, RecordHeader record) in InOrder())
            {
                cancellationToken.ThrowIfCancellationRequested();
                int end = Math.Min(record.FirstIdx + record.Count, rows);
                if (index.TornAt <= record.Offset || end <= load.FirstRow)
                {
                    continue; // behind a record whose rows turned out to be torn, or not wanted
                }

                first ??= index;
                RequireSameShape(first, index);
                load.Reserve(index.Header!.Spec, end, filled: false);
                if (record.PayloadLength > buffer.Length)
                {
                    ArrayPool<byte>.Shared.Return(buffer);
                    buffer = ArrayPool<byte>.Shared.Rent((int)record.PayloadLength);
                }

                Memory<byte> payload = buffer.AsMemory(0, (int)record.PayloadLength);
                int got = await file.ReadAsync(record.Offset + RecordHeader.Length, payload).ConfigureAwait(false);
                if (got < payload.Length || Crc32C.Of(payload.Span) != record.PayloadChecksum)
                {
                    CutBefore(index, record);
                    continue;
                }

                read.Add(new PositionRange(record.FirstIdx, end));
                load.Add(new StoredRows(record.FirstIdx, end - record.FirstIdx, record.Count, payload.Span));
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        RequireRows(read, load.CommittedRows);
    }

    private static void RequireSameShape(SegmentIndex first, SegmentIndex other)
    {
        if (other.Header!.Layout != first.Header!.Layout)
        {
            throw new StorageDamagedException(other.File, 0, default, $"it holds rows of another shape than {first.File}");
        }
    }
}
