using System.Buffers.Binary;
using DistAttention.Kernels;

namespace DistAttention.Fuzz.Targets.Logs;

/// <summary>Makes checksums of changed bytes hold.</summary>
internal static class Checksums
{
    /// <summary>Writes the checksum of some bytes.</summary>
    public static void Set(Span<byte> bytes, int at, ReadOnlySpan<byte> of) => BinaryPrimitives.WriteUInt32LittleEndian(bytes[at..], Crc32C.Of(of));

    /// <summary>Writes the checksum that a header of this length ends with, if it is there in full.</summary>
    public static void SetAtEnd(Span<byte> bytes, int at, int length)
    {
        if (bytes.Length >= at + length)
        {
            Set(bytes, at + length - 4, bytes.Slice(at, length - 4));
        }
    }
}
