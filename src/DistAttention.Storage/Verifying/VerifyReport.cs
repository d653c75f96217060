namespace DistAttention.Storage.Verifying;

/// <summary>What is wrong with a part of a storage.</summary>
/// <param name="Place">The file, or the record of a table.</param>
/// <param name="Offset">Where in it, in bytes.</param>
/// <param name="Positions">The positions affected; empty where they cannot be told.</param>
/// <param name="Sequences">The sequences that need them; empty where they cannot be told, or there are none.</param>
/// <param name="Problem">What is wrong.</param>
public sealed record StorageFinding(string Place, long Offset, PositionRange Positions, IReadOnlyList<SequenceId> Sequences, string Problem);

/// <summary>A hold of a sequence that does not exist: left by a process that ended between two steps, or about to get its sequence.</summary>
/// <param name="Place">The shard.</param>
/// <param name="Holder">The sequence's own id; empty where nobody holds the shard at all.</param>
/// <param name="Since">Since when; null where that is not known.</param>
public sealed record StrayHold(string Place, Guid Holder, DateTimeOffset? Since);

/// <summary>What a check of a whole storage found.</summary>
public sealed record VerifyReport
{
    /// <summary>Sequences whose ledgers were read.</summary>
    public long Sequences { get; init; }

    /// <summary>Positions that they say are committed, shared ones counted once for each.</summary>
    public long Positions { get; init; }

    /// <summary>Shards that were read.</summary>
    public long Shards { get; init; }

    /// <summary>Records in them whose checksums hold.</summary>
    public long Records { get; init; }

    /// <summary>Bytes of the rows in these records.</summary>
    public long Bytes { get; init; }

    /// <summary>Everything that is damaged, missing or unreadable.</summary>
    public IReadOnlyList<StorageFinding> Findings { get; init; } = [];

    /// <summary>Holds without sequences. Not looked for where a ledger cannot be read: they might be its.</summary>
    public IReadOnlyList<StrayHold> StrayHolds { get; init; } = [];

    /// <summary>Shards given back; null if that was not asked for, or refused because a ledger cannot be read.</summary>
    public int? Reclaimed { get; init; }

    /// <summary>Whether everything acknowledged is there as it was written.</summary>
    public bool IsSound => Findings.Count == 0;
}

/// <summary>How far a check has come.</summary>
/// <param name="Shards">Shards read.</param>
/// <param name="ShardsInAll">Shards to read.</param>
/// <param name="Bytes">Bytes of rows checked.</param>
public readonly record struct VerifyProgress(long Shards, long ShardsInAll, long Bytes);
