namespace DistAttention.Engine.Ledger;

/// <summary>
/// The rule of <see cref="SequenceSpec.TimeToLive"/>: a use is noted if none was for a sixteenth of that time, and the sequence ends that time
/// and a sixteenth after the noted one; so it outlives every use by that time, and a reader writes the ledger seldom.
/// </summary>
/// <param name="TimeToLive">The sequence's time to live.</param>
internal readonly record struct Lifetime(TimeSpan TimeToLive)
{
    private TimeSpan Grain => TimeToLive / 16;

    /// <summary>The lifetime of a sequence; null if it ends only by deletion.</summary>
    public static Lifetime? Of(SequenceSpec spec) => spec.TimeToLive is { } time ? new Lifetime(time) : null;

    /// <summary>When a sequence ends that was not used after the use noted.</summary>
    public DateTimeOffset EndAfter(DateTimeOffset usedAt) =>
        usedAt <= DateTimeOffset.MaxValue - TimeToLive - Grain ? usedAt + TimeToLive + Grain : DateTimeOffset.MaxValue;

    /// <summary>Whether a use now must be noted.</summary>
    public bool IsWorthNoting(DateTimeOffset usedAt, DateTimeOffset now) => now - usedAt >= Grain;
}

/// <summary>Sequences that are past their time.</summary>
public static class Expiry
{
    /// <summary>Whether a sequence is past its time to live: to callers there is none of that name any more.</summary>
    /// <param name="record">Its state.</param>
    /// <param name="time">The clock.</param>
    public static bool IsExpired(this LedgerRecord record, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(record);
        ArgumentNullException.ThrowIfNull(time);
        return record.ExpiresAt is { } end && time.GetUtcNow() >= end;
    }
}
