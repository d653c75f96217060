using System.Buffers.Binary;
using DistAttention.Kernels;
using DistAttention.Storage.Logs;

namespace DistAttention.Storage.Postgres;

/// <summary>One version of a ledger as a row holds it: magic "LDGE" (4), CRC-32C of all behind it (4), version (8), what the codec gave.</summary>
internal static class LedgerEntry
{
    private const uint Magic = 0x4547444C;
    private const int HeaderLength = 16;

    /// <summary>The row's bytes.</summary>
    public static byte[] Encode(long version, ReadOnlySpan<byte> entry)
    {
        byte[] row = new byte[HeaderLength + entry.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(row, Magic);
        BinaryPrimitives.WriteInt64LittleEndian(row.AsSpan(8), version);
        entry.CopyTo(row.AsSpan(HeaderLength));
        BinaryPrimitives.WriteUInt32LittleEndian(row.AsSpan(4), Crc32C.Of(row.AsSpan(8)));
        return row;
    }

    /// <summary>What the codec gave.</summary>
    /// <param name="place">For messages.</param>
    /// <param name="version">The version that the row says it is of.</param>
    /// <param name="row">The row's bytes, untrusted.</param>
    /// <exception cref="StorageDamagedException">They are not what was written for that version.</exception>
    public static byte[] Decode(string place, long version, ReadOnlySpan<byte> row)
    {
        if (row.Length < HeaderLength
            || BinaryPrimitives.ReadUInt32LittleEndian(row) != Magic
            || BinaryPrimitives.ReadUInt32LittleEndian(row[4..]) != Crc32C.Of(row[8..])
            || BinaryPrimitives.ReadInt64LittleEndian(row[8..]) != version)
        {
            throw new StorageDamagedException(place, 0, default, $"the entry of version {version} is not what was written");
        }

        return row[HeaderLength..].ToArray();
    }
}
