using DistAttention.Kernels;
using DistAttention.Storage.Logs;

namespace DistAttention.Storage.Postgres;

/// <summary>What a row of the table <c>records</c> says beside its payload. All of it is held against the checksummed header.</summary>
/// <param name="Source">The shard whose record it is: the one that is read, or one that it was cut from.</param>
/// <param name="Fence">Its fence.</param>
/// <param name="Number">Tells records apart, and which is later.</param>
/// <param name="FirstIdx">Place of its first row in the shard.</param>
/// <param name="Count">Its rows.</param>
/// <param name="PayloadLength">Bytes of the payload there is.</param>
internal readonly record struct RecordRow(long Source, long Fence, long Number, int FirstIdx, int Count, long PayloadLength)
{
    /// <summary>How messages call it.</summary>
    public string PlaceIn(string table) => $"{table}, record {Number} of shard row {Source}";

    /// <summary>Reads its header, before anything is allocated for what it declares.</summary>
    /// <param name="table">For messages.</param>
    /// <param name="shard">The shard that is read.</param>
    /// <param name="bytes">The header's bytes, untrusted.</param>
    /// <exception cref="StorageDamagedException">They are not what was written, or not of this row.</exception>
    public RecordHeader ReadHeader(string table, SegmentHeader shard, ReadOnlySpan<byte> bytes)
    {
        if (RecordHeader.TryRead(bytes, Source) is not { } header || bytes.Length != RecordHeader.Length)
        {
            throw new StorageDamagedException(PlaceIn(table), 0, default, "its header is not what was written");
        }

        if (header.Fence != Fence || header.FirstIdx != FirstIdx || header.Count != Count || header.PayloadLength != PayloadLength)
        {
            throw new StorageDamagedException(PlaceIn(table), 0, header.PositionsIn(shard), "its header is of another record");
        }

        return header.Fits(shard)
            ? header
            : throw new StorageDamagedException(PlaceIn(table), 0, default, $"a record of {header.Count} rows at {header.FirstIdx} in {header.PayloadLength} bytes cannot be");
    }

    /// <summary>Checks its payload.</summary>
    /// <exception cref="StorageDamagedException">It is not what was written.</exception>
    public void CheckPayload(string table, SegmentHeader shard, in RecordHeader header, ReadOnlySpan<byte> payload)
    {
        if (payload.Length != header.PayloadLength || Crc32C.Of(payload) != header.PayloadChecksum)
        {
            throw new StorageDamagedException(PlaceIn(table), 0, header.PositionsIn(shard), "the checksum of its rows is wrong");
        }
    }
}
