using DistAttention.Engine.Ledger;

namespace DistAttention.Storage.Ledgers;

/// <summary>A ledger's file as it was last read or written.</summary>
/// <param name="Record">The state; null once the sequence is deleted.</param>
/// <param name="Version">Its version.</param>
/// <param name="Length">Bytes of the file that count.</param>
/// <param name="LastSlot">The last of them, which tells whether the file is still the same.</param>
internal sealed record LedgerFile(LedgerRecord? Record, long Version, long Length, byte[] LastSlot)
{
    /// <summary>Reads a file; null if it holds nothing yet.</summary>
    /// <exception cref="StorageDamagedException">It is not what was written.</exception>
    public static LedgerFile? Read(string path, ReadOnlySpan<byte> bytes)
    {
        List<(long Version, byte[] Entry)> entries = LedgerSlots.Decode(path, bytes, out int length);
        (LedgerRecord? record, long version) = LedgerHistory.Replay(path, entries);
        return entries.Count == 0
            ? null
            : new LedgerFile(record, version, length, bytes.Slice(length - LedgerSlots.SlotLength, LedgerSlots.SlotLength).ToArray());
    }
}
