using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using DistAttention.Kernels;

namespace DistAttention.Contracts;

/// <summary>
/// What stands before a tensor's bytes, little-endian:
/// magic "DAT" and version (4 bytes), element (1), rank (1), zero (2), byte length (4), CRC-32C (4), shape (4 × rank).
/// The checksum is the CRC-32C of element, rank, shape and of the bytes' own CRC-32C.
/// </summary>
internal readonly ref struct TensorHeader
{
    public const int MaxRank = 8;

    private const int FixedBytes = 16;
    private const uint MagicAndVersion = 0x01_54_41_44;

    public TensorHeader(TensorElement element, ReadOnlySpan<int> shape, ReadOnlySpan<byte> bytes)
    {
        Element = element;
        Shape = shape;
        ByteLength = bytes.Length;
        Checksum = ChecksumOf(element, shape, bytes);
    }

    private TensorHeader(TensorElement element, ReadOnlySpan<int> shape, int byteLength, uint checksum)
    {
        Element = element;
        Shape = shape;
        ByteLength = byteLength;
        Checksum = checksum;
    }

    public TensorElement Element { get; }

    public ReadOnlySpan<int> Shape { get; }

    public int ByteLength { get; }

    public uint Checksum { get; }

    public int Length => LengthOf(Shape.Length);

    public static int LengthOf(int rank) => FixedBytes + (rank * sizeof(int));

    public void Write(Span<byte> to)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(to, MagicAndVersion);
        to[4] = (byte)Element;
        to[5] = (byte)Shape.Length;
        to[6] = 0;
        to[7] = 0;
        BinaryPrimitives.WriteInt32LittleEndian(to[8..], ByteLength);
        BinaryPrimitives.WriteUInt32LittleEndian(to[12..], Checksum);
        MemoryMarshal.AsBytes(Shape).CopyTo(to[FixedBytes..]);
    }

    /// <summary>Reads the part that every header has, and the rank with it.</summary>
    public static int ReadRank(ReadOnlySpan<byte> fixedPart)
    {
        if (BinaryPrimitives.ReadUInt32LittleEndian(fixedPart) != MagicAndVersion)
        {
            throw new CorruptPayloadException("it does not start as a tensor of this version");
        }

        int rank = fixedPart[5];
        return rank <= MaxRank ? rank : throw new CorruptPayloadException($"its rank is {rank}");
    }

    /// <summary>Reads a header and holds it against the bytes there are.</summary>
    /// <param name="from">The header.</param>
    /// <param name="shape">Receives the shape.</param>
    /// <param name="payloadLength">Bytes that follow the header.</param>
    public static TensorHeader Read(ReadOnlySpan<byte> from, Span<int> shape, long payloadLength)
    {
        TensorElement element = (TensorElement)from[4];
        int elementBytes = element switch
        {
            TensorElement.Float32 => sizeof(float),
            TensorElement.Int64 => sizeof(long),
            _ => throw new CorruptPayloadException($"its elements are of kind {(int)element}"),
        };
        MemoryMarshal.Cast<byte, int>(from.Slice(FixedBytes, shape.Length * sizeof(int))).CopyTo(shape);
        long bytes = elementBytes;
        foreach (int dimension in shape)
        {
            if (dimension < 0 || (bytes = Math.BigMul(bytes, (long)dimension, out long low) == 0 ? low : -1) is < 0 or > int.MaxValue)
            {
                throw new CorruptPayloadException($"its shape is [{string.Join(", ", shape.ToArray())}]");
            }
        }

        int declared = BinaryPrimitives.ReadInt32LittleEndian(from[8..]);
        if (declared != bytes || declared != payloadLength)
        {
            throw new CorruptPayloadException($"it declares {declared} bytes, its shape makes {bytes}, and {payloadLength} follow");
        }

        return new TensorHeader(element, shape, declared, BinaryPrimitives.ReadUInt32LittleEndian(from[12..]));
    }

    public void Verify(ReadOnlySpan<byte> bytes)
    {
        if (ChecksumOf(Element, Shape, bytes) != Checksum)
        {
            throw new CorruptPayloadException("its checksum is wrong");
        }
    }

    private static uint ChecksumOf(TensorElement element, ReadOnlySpan<int> shape, ReadOnlySpan<byte> bytes)
    {
        uint crc = BitOperations.Crc32C(BitOperations.Crc32C(uint.MaxValue, (byte)element), (byte)shape.Length);
        foreach (int dimension in shape)
        {
            crc = BitOperations.Crc32C(crc, (uint)dimension);
        }

        return ~BitOperations.Crc32C(crc, Crc32C.Of(bytes));
    }
}
