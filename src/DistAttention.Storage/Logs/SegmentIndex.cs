using System.Buffers;
using DistAttention.Engine.Shards;
using DistAttention.Storage.Files;

namespace DistAttention.Storage.Logs;

/// <summary>
/// The records of one segment as their headers tell, without their rows. A torn end is left out; anything broken that was
/// once durable is refused.
/// </summary>
internal sealed class SegmentIndex
{
    private const int SearchStep = 64 << 10;

    private SegmentIndex(string file, SegmentHeader? header)
    {
        File = file;
        Header = header;
    }

    public string File { get; }

    /// <summary>Null if a crash tore the segment before it held anything.</summary>
    public SegmentHeader? Header { get; }

    /// <summary>In the order in which they were written.</summary>
    public List<RecordHeader> Records { get; } = [];

    /// <summary>Bytes known to have been on the device: what is broken below is damage.</summary>
    public long DurableLength { get; private set; }

    /// <summary>Where a torn end begins; null if there is none.</summary>
    public long? TornAt { get; private set; }

    /// <summary>Reads the headers of a segment.</summary>
    /// <exception cref="StorageDamagedException">A header that was durable is broken.</exception>
    public static async ValueTask<SegmentIndex> ReadAsync(IVolumeFile file, ShardId shard)
    {
        byte[] bytes = ArrayPool<byte>.Shared.Rent(SearchStep);
        try
        {
            int read = await file.ReadAsync(0, bytes.AsMemory(0, SegmentHeader.Length)).ConfigureAwait(false);
            SegmentHeader? header = SegmentHeader.TryRead(file.Path, bytes.AsSpan(0, read));
            SegmentIndex index = new(file.Path, header);
            if (header is null)
            {
                await index.RequireTornAsync(file, 0, "it does not start as a segment", bytes).ConfigureAwait(false);
                return index;
            }

            if (header.Shard.Index != shard.Index)
            {
                throw new StorageDamagedException(file.Path, 0, default, $"it holds rows of shard {header.Shard}, not of {shard}");
            }

            await index.WalkAsync(file, header, bytes).ConfigureAwait(false);
            return index;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    /// <summary>Ends the index before a record whose rows are broken: torn, or damage if they were once durable.</summary>
    public void CutBefore(RecordHeader record)
    {
        if (record.End <= DurableLength)
        {
            throw new StorageDamagedException(File, record.Offset, record.PositionsIn(Header!), "the checksum of its rows is wrong");
        }

        TornAt = record.Offset;
        Records.RemoveAll(r => r.Offset >= record.Offset);
    }

    private async ValueTask WalkAsync(IVolumeFile file, SegmentHeader header, byte[] bytes)
    {
        long length = file.Length;
        long at = SegmentHeader.Length;
        while (at < length)
        {
            int read = await file.ReadAsync(at, bytes.AsMemory(0, RecordHeader.Length)).ConfigureAwait(false);
            if (RecordHeader.TryRead(bytes.AsSpan(0, read), at) is not { } record)
            {
                await RequireTornAsync(file, at, "there is no record header where one was written", bytes).ConfigureAwait(false);
                return;
            }

            if (!record.Fits(header))
            {
                throw new StorageDamagedException(file.Path, at, default, $"a record of {record.Count} rows at {record.FirstIdx} in {record.PayloadLength} bytes cannot be");
            }

            DurableLength = Math.Max(DurableLength, record.DurableLength);
            if (record.End > length)
            {
                TornAt = at;
                return;
            }

            Records.Add(record);
            at = record.End;
        }
    }

    /// <summary>Looks behind a broken place for a record that proves it to have been durable.</summary>
    private async ValueTask RequireTornAsync(IVolumeFile file, long broken, string problem, byte[] bytes)
    {
        TornAt = broken;
        bool durable = DurableLength > broken;
        for (long start = broken; !durable && start < file.Length; start += SearchStep - RecordHeader.Length)
        {
            int read = await file.ReadAsync(start, bytes.AsMemory(0, SearchStep)).ConfigureAwait(false);
            for (int i = 0; !durable && i <= read - RecordHeader.Length; i++)
            {
                durable = bytes[i] == (byte)'R'
                    && RecordHeader.TryRead(bytes.AsSpan(i, RecordHeader.Length), start + i) is { } later
                    && later.DurableLength > broken;
            }
        }

        if (durable)
        {
            throw new StorageDamagedException(file.Path, broken, default, problem);
        }
    }
}
