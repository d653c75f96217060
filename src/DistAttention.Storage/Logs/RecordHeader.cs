using System.Buffers.Binary;
using DistAttention.Kernels;

namespace DistAttention.Storage.Logs;

/// <summary>What stands before the rows of one record, 80 bytes, little-endian.</summary>
/// <remarks>
/// <code>
///   0 magic "ROWS" (4)    4 zero (4)       8 offset of this record in its segment (8)
///  16 durable length (8)  24 fence (8)     32 operation id (16)
///  48 first row (4)      52 rows (4)       56 payload bytes (8)
///  64 CRC-32C of the payload (4)           68 zeros (8)   76 CRC-32C of all before (4)
/// </code>
/// The durable length is how much of the segment was known to be on the device when the record was written: what is found
/// broken before it was once whole, and is damage; what is broken behind every durable length may be a write that a crash tore.
/// </remarks>
internal readonly record struct RecordHeader
{
    public const int Length = 80;

    private const uint Magic = 0x53574F52; // "ROWS"
    private const int ChecksumOffset = Length - sizeof(uint);

    /// <summary>Where in its segment the record starts; in a database, the number of its shard's row.</summary>
    public required long Offset { get; init; }

    /// <summary>Bytes of the segment that were durable when the record was written.</summary>
    public required long DurableLength { get; init; }

    /// <summary>The reservation's fence: where records overlap, the higher one counts.</summary>
    public required long Fence { get; init; }

    public required OperationId Operation { get; init; }

    /// <summary>Place of the first row in the shard.</summary>
    public required int FirstIdx { get; init; }

    public required int Count { get; init; }

    public required long PayloadLength { get; init; }

    public required uint PayloadChecksum { get; init; }

    /// <summary>Where the record ends.</summary>
    public long End => Offset + Length + PayloadLength;

    /// <summary>Whether a shard can have such a record.</summary>
    public bool Fits(SegmentHeader shard) =>
        Count >= 1
        && FirstIdx >= 0
        && (long)FirstIdx + Count <= shard.Spec.ShardLength
        && PayloadLength == KvRows.ByteLength(shard.Layout, Count)
        && PayloadLength <= Array.MaxLength;

    /// <summary>The positions of its rows.</summary>
    public PositionRange PositionsIn(SegmentHeader shard)
    {
        long start = ((long)shard.Shard.Index * shard.Spec.ShardLength) + FirstIdx;
        return new PositionRange(start, start + Count);
    }

    public void Write(Span<byte> to)
    {
        to = to[..Length];
        to.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(to, Magic);
        BinaryPrimitives.WriteInt64LittleEndian(to[8..], Offset);
        BinaryPrimitives.WriteInt64LittleEndian(to[16..], DurableLength);
        BinaryPrimitives.WriteInt64LittleEndian(to[24..], Fence);
        Operation.Value.TryWriteBytes(to[32..]);
        BinaryPrimitives.WriteInt32LittleEndian(to[48..], FirstIdx);
        BinaryPrimitives.WriteInt32LittleEndian(to[52..], Count);
        BinaryPrimitives.WriteInt64LittleEndian(to[56..], PayloadLength);
        BinaryPrimitives.WriteUInt32LittleEndian(to[64..], PayloadChecksum);
        BinaryPrimitives.WriteUInt32LittleEndian(to[ChecksumOffset..], Crc32C.Of(to[..ChecksumOffset]));
    }

    /// <summary>Reads the header of the record at a place; null if the bytes are not one of that place.</summary>
    public static RecordHeader? TryRead(ReadOnlySpan<byte> from, long offset)
    {
        if (from.Length < Length
            || BinaryPrimitives.ReadUInt32LittleEndian(from) != Magic
            || BinaryPrimitives.ReadInt64LittleEndian(from[8..]) != offset
            || BinaryPrimitives.ReadUInt32LittleEndian(from[ChecksumOffset..]) != Crc32C.Of(from[..ChecksumOffset]))
        {
            return null;
        }

        return new RecordHeader
        {
            Offset = offset,
            DurableLength = BinaryPrimitives.ReadInt64LittleEndian(from[16..]),
            Fence = BinaryPrimitives.ReadInt64LittleEndian(from[24..]),
            Operation = new OperationId(new Guid(from.Slice(32, 16))),
            FirstIdx = BinaryPrimitives.ReadInt32LittleEndian(from[48..]),
            Count = BinaryPrimitives.ReadInt32LittleEndian(from[52..]),
            PayloadLength = BinaryPrimitives.ReadInt64LittleEndian(from[56..]),
            PayloadChecksum = BinaryPrimitives.ReadUInt32LittleEndian(from[64..]),
        };
    }
}
