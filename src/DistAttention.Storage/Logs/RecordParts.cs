using DistAttention.Engine.Shards;
using DistAttention.Kernels;

namespace DistAttention.Storage.Logs;

/// <summary>A write cut into the records it is kept as, and each record's rows as bytes.</summary>
internal static class RecordParts
{
    /// <summary>Stays in the second-level cache between rounding, checksum and copy.</summary>
    private const int MostBytes = 512 << 10;

    /// <summary>Rows that one record of a layout holds at most.</summary>
    public static int RowsPerRecord(KvLayout layout) => (int)Math.Max(1, MostBytes / KvRows.ByteLength(layout, 1));

    /// <summary>The largest record of a write, header included, in bytes.</summary>
    public static int LongestRecord(KvLayout layout, in ShardWrite write) =>
        checked((int)(RecordHeader.Length + KvRows.ByteLength(layout, Math.Min(RowsPerRecord(layout), write.Count))));

    /// <summary>Writes one record: header, then rows.</summary>
    /// <param name="layout">The sequence's layout.</param>
    /// <param name="write">The whole write.</param>
    /// <param name="first">Index of the record's first row in the write.</param>
    /// <param name="place">Where the record will be, and what was durable there.</param>
    /// <param name="to">Receives the record.</param>
    public static RecordHeader Encode(KvLayout layout, in ShardWrite write, int first, (long Offset, long DurableLength) place, Span<byte> to)
    {
        int count = Math.Min(RowsPerRecord(layout), write.Count - first);
        int payload = (int)KvRows.ByteLength(layout, count);
        Span<byte> rows = to.Slice(RecordHeader.Length, payload);
        KvRows.Encode(layout, write.K.Span.Slice(first * write.KRow, count * write.KRow), write.V.Span.Slice(first * write.VRow, count * write.VRow), rows);
        RecordHeader record = new()
        {
            Offset = place.Offset,
            DurableLength = place.DurableLength,
            Fence = write.Fence,
            Operation = write.OperationId,
            FirstIdx = write.FirstIdx + first,
            Count = count,
            PayloadLength = payload,
            PayloadChecksum = Crc32C.Of(rows),
        };
        record.Write(to);
        return record;
    }
}
