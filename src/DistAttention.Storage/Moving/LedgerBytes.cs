using DistAttention.Engine.Ledger;
using DistAttention.Storage.Ledgers;

namespace DistAttention.Storage.Moving;

/// <summary>A ledger as bytes, for another process that is to keep it.</summary>
public static class LedgerBytes
{
    /// <summary>The whole state.</summary>
    /// <param name="record">The ledger.</param>
    public static byte[] Of(LedgerRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        return LedgerCodec.Encode(record);
    }

    /// <summary>Reads it.</summary>
    /// <param name="bytes">What <see cref="Of"/> gave.</param>
    /// <exception cref="InvalidDataException">It is not a whole state, or of a build that this one does not know.</exception>
    public static LedgerRecord Read(ReadOnlyMemory<byte> bytes) =>
        LedgerCodec.Apply(before: null, bytes) ?? throw new InvalidDataException("a ledger was to come, not its deletion");
}
