using System.Buffers.Binary;
using DistAttention.Kernels;
using DistAttention.Storage.Logs;

namespace DistAttention.Storage.Ledgers;

/// <summary>
/// Entries cut into slots of 512 bytes, the smallest unit a device writes whole. A crash leaves a slot as it was written or
/// empty; a slot that is neither is damage, even the last one, so that no acknowledged state is mistaken for a torn write.
/// </summary>
/// <remarks>
/// <code>
///   0 magic "LDGR" (4)   4 CRC-32C of all behind it (4)   8 ledger version (8)
///  16 index of the slot in its entry (4)   20 slots of the entry (4)   24 bytes used (4)   28 zero (4)   32 bytes (480)
/// </code>
/// </remarks>
internal static class LedgerSlots
{
    public const int SlotLength = 512;

    private const uint Magic = 0x5247444C; // "LDGR"
    private const int HeaderLength = 32;
    private const int BytesPerSlot = SlotLength - HeaderLength;

    /// <summary>Cuts an entry into slots.</summary>
    public static byte[] Encode(long version, ReadOnlySpan<byte> entry)
    {
        int slots = Math.Max(1, (entry.Length + BytesPerSlot - 1) / BytesPerSlot);
        byte[] result = new byte[slots * SlotLength];
        for (int i = 0; i < slots; i++)
        {
            ReadOnlySpan<byte> part = entry[(i * BytesPerSlot)..Math.Min(entry.Length, (i + 1) * BytesPerSlot)];
            Span<byte> slot = result.AsSpan(i * SlotLength, SlotLength);
            BinaryPrimitives.WriteUInt32LittleEndian(slot, Magic);
            BinaryPrimitives.WriteInt64LittleEndian(slot[8..], version);
            BinaryPrimitives.WriteInt32LittleEndian(slot[16..], i);
            BinaryPrimitives.WriteInt32LittleEndian(slot[20..], slots);
            BinaryPrimitives.WriteInt32LittleEndian(slot[24..], part.Length);
            part.CopyTo(slot[HeaderLength..]);
            BinaryPrimitives.WriteUInt32LittleEndian(slot[4..], Crc32C.Of(slot[8..]));
        }

        return result;
    }

    /// <summary>Puts entries together again.</summary>
    /// <param name="file">For messages.</param>
    /// <param name="bytes">The whole file.</param>
    /// <param name="length">Receives how many bytes hold whole entries; what follows was torn.</param>
    /// <exception cref="StorageDamagedException">A slot is neither whole nor empty, or slots do not follow each other.</exception>
    public static List<(long Version, byte[] Entry)> Decode(string file, ReadOnlySpan<byte> bytes, out int length)
    {
        List<(long, byte[])> entries = [];
        List<byte> entry = [];
        int expectedIndex = 0;
        (long version, int slots) = (0L, 0);
        length = 0;
        int at = 0;
        for (; at + SlotLength <= bytes.Length; at += SlotLength)
        {
            ReadOnlySpan<byte> slot = bytes.Slice(at, SlotLength);
            if (!slot.ContainsAnyExcept((byte)0))
            {
                break; // never written: all before it that was acknowledged is whole
            }

            if (BinaryPrimitives.ReadUInt32LittleEndian(slot) != Magic || BinaryPrimitives.ReadUInt32LittleEndian(slot[4..]) != Crc32C.Of(slot[8..]))
            {
                throw new StorageDamagedException(file, at, default, "a slot of the ledger is not what was written");
            }

            int index = BinaryPrimitives.ReadInt32LittleEndian(slot[16..]);
            if (index == 0 && expectedIndex == 0)
            {
                (version, slots) = (BinaryPrimitives.ReadInt64LittleEndian(slot[8..]), BinaryPrimitives.ReadInt32LittleEndian(slot[20..]));
            }
            else if (index != expectedIndex || BinaryPrimitives.ReadInt64LittleEndian(slot[8..]) != version)
            {
                throw new StorageDamagedException(file, at, default, "slots of the ledger do not follow each other");
            }

            int used = BinaryPrimitives.ReadInt32LittleEndian(slot[24..]);
            if (used is < 0 or > BytesPerSlot)
            {
                throw new StorageDamagedException(file, at, default, $"a slot of the ledger says that it uses {used} bytes");
            }

            entry.AddRange(slot.Slice(HeaderLength, used));
            expectedIndex++;
            if (expectedIndex == slots)
            {
                entries.Add((version, entry.ToArray()));
                entry.Clear();
                expectedIndex = 0;
                length = at + SlotLength;
            }
        }

        RequireTorn(file, bytes, at);
        return entries;
    }

    /// <summary>Behind an empty slot there may be others of the same torn write, whole or empty, and at the end part of one.</summary>
    private static void RequireTorn(string file, ReadOnlySpan<byte> bytes, int at)
    {
        for (; at + SlotLength <= bytes.Length; at += SlotLength)
        {
            ReadOnlySpan<byte> slot = bytes.Slice(at, SlotLength);
            if (!slot.ContainsAnyExcept((byte)0))
            {
                continue;
            }

            bool whole = BinaryPrimitives.ReadUInt32LittleEndian(slot) == Magic && BinaryPrimitives.ReadUInt32LittleEndian(slot[4..]) == Crc32C.Of(slot[8..]);
            if (!whole || BinaryPrimitives.ReadInt32LittleEndian(slot[16..]) == 0)
            {
                throw new StorageDamagedException(file, at, default, "the ledger goes on behind an empty slot");
            }
        }
    }
}
