using DistAttention.Engine.Ledger;

namespace DistAttention.Storage.Ledgers;

/// <summary>A ledger as it is kept: a state, and what changed since, a version each.</summary>
internal static class LedgerHistory
{
    /// <summary>The last state.</summary>
    /// <param name="place">For messages.</param>
    /// <param name="entries">What <see cref="LedgerCodec"/> gave, in the order of versions, checksums verified.</param>
    /// <returns>The record, null if the ledger is deleted or there is nothing, and its version.</returns>
    /// <exception cref="StorageDamagedException">They do not follow each other.</exception>
    public static (LedgerRecord? Record, long Version) Replay(string place, IEnumerable<(long Version, byte[] Entry)> entries)
    {
        LedgerRecord? record = null;
        long version = 0;
        foreach ((long next, byte[] entry) in entries)
        {
            if (next < 1 || (version != 0 && next != version + 1))
            {
                throw new StorageDamagedException(place, 0, default, $"version {next} follows version {version}");
            }

            try
            {
                record = LedgerCodec.Apply(record, entry);
            }
            catch (InvalidDataException e)
            {
                throw new StorageDamagedException(place, 0, default, e.Message);
            }

            version = next;
        }

        return (record, version);
    }
}
