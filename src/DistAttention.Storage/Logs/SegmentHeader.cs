using System.Buffers.Binary;
using DistAttention.Engine.Shards;
using DistAttention.Kernels;

namespace DistAttention.Storage.Logs;

/// <summary>The first 128 bytes of a segment, little-endian: whose rows it holds, and how they are laid out.</summary>
/// <remarks>
/// <code>
///   0 magic "DAKVLOG1"   8 version (4)   12 index (4)   16 sequence (16)   32 generation (8)
///  40 NumHeadsKv (4)    44 StoredHeadDim (4)   48 HeadDimV (4)  52 KvType (4)    56 ShardLength (4)
///  60 ArithmeticVersion (4)              64 whether values are a part of keys (4)
///  68 zeros (56)        124 CRC-32C of all before (4)
/// </code>
/// </remarks>
/// <param name="Shard">The shard that the segment was written for.</param>
/// <param name="Spec">Shape and storage of its rows as stored; read back, what does not concern stored rows is at its default.</param>
internal sealed record SegmentHeader(ShardId Shard, SequenceSpec Spec)
{
    public const int Length = 128;

    private const ulong Magic = 0x31474F4C564B4144; // "DAKVLOG1"
    private const int Version = 1;
    private const int ChecksumOffset = Length - sizeof(uint);

    public KvLayout Layout { get; } = KvLayout.Of(Spec);

    public void Write(Span<byte> to)
    {
        to = to[..Length];
        to.Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(to, Magic);
        BinaryPrimitives.WriteInt32LittleEndian(to[8..], Version);
        BinaryPrimitives.WriteInt32LittleEndian(to[12..], Shard.Index);
        Shard.Sequence.TryWriteBytes(to[16..]);
        BinaryPrimitives.WriteInt64LittleEndian(to[32..], Shard.Generation);
        BinaryPrimitives.WriteInt32LittleEndian(to[40..], Spec.NumHeadsKv);
        BinaryPrimitives.WriteInt32LittleEndian(to[44..], Spec.StoredHeadDim);
        BinaryPrimitives.WriteInt32LittleEndian(to[48..], Spec.HeadDimV);
        BinaryPrimitives.WriteInt32LittleEndian(to[52..], (int)Spec.KvType);
        BinaryPrimitives.WriteInt32LittleEndian(to[56..], Spec.ShardLength);
        BinaryPrimitives.WriteInt32LittleEndian(to[60..], Spec.ArithmeticVersion);
        BinaryPrimitives.WriteInt32LittleEndian(to[64..], Spec.ValueFromKeyPrefix ? 1 : 0);
        BinaryPrimitives.WriteUInt32LittleEndian(to[ChecksumOffset..], Crc32C.Of(to[..ChecksumOffset]));
    }

    /// <summary>Reads a header; null if the bytes are not one.</summary>
    /// <exception cref="StorageException">It is one, of a version or an arithmetic that this build does not know.</exception>
    /// <exception cref="StorageDamagedException">It is one, of rows that cannot be.</exception>
    public static SegmentHeader? TryRead(string file, ReadOnlySpan<byte> from)
    {
        if (from.Length < Length
            || BinaryPrimitives.ReadUInt64LittleEndian(from) != Magic
            || BinaryPrimitives.ReadUInt32LittleEndian(from[ChecksumOffset..]) != Crc32C.Of(from[..ChecksumOffset]))
        {
            return null;
        }

        int version = BinaryPrimitives.ReadInt32LittleEndian(from[8..]);
        if (version != Version)
        {
            throw new StorageException(file, $"has version {version} of the log format; this build reads version {Version}");
        }

        SequenceSpec spec = new()
        {
            NumHeadsQ = BinaryPrimitives.ReadInt32LittleEndian(from[40..]),
            NumHeadsKv = BinaryPrimitives.ReadInt32LittleEndian(from[40..]),
            HeadDim = BinaryPrimitives.ReadInt32LittleEndian(from[44..]),
            HeadDimV = BinaryPrimitives.ReadInt32LittleEndian(from[48..]),
            KvType = (KvDataType)BinaryPrimitives.ReadInt32LittleEndian(from[52..]),
            ShardLength = BinaryPrimitives.ReadInt32LittleEndian(from[56..]),
            ArithmeticVersion = BinaryPrimitives.ReadInt32LittleEndian(from[60..]),
            ValueFromKeyPrefix = BinaryPrimitives.ReadInt32LittleEndian(from[64..]) != 0,
        };
        RequireKnown(file, spec);
        ShardId shard = new(new Guid(from.Slice(16, 16)), BinaryPrimitives.ReadInt32LittleEndian(from[12..]), BinaryPrimitives.ReadInt64LittleEndian(from[32..]));
        return new SegmentHeader(shard, spec);
    }

    private static void RequireKnown(string file, SequenceSpec spec)
    {
        try
        {
            spec.Validate();
        }
        catch (ArithmeticVersionException e)
        {
            throw new StorageException(file, $"has rows of another build: {e.Message.TrimEnd('.')}", e);
        }
        catch (InvalidSpecException e)
        {
            throw new StorageDamagedException(file, 0, default, $"its header cannot be: {e.Message.TrimEnd('.')}");
        }
    }
}
