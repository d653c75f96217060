namespace DistAttention.Simulator.Planting;

/// <summary>The bugs that can be planted, by name.</summary>
internal static class Bugs
{
    private static readonly SortedDictionary<string, Func<PlantedBug>> _all = new(StringComparer.Ordinal)
    {
        ["answer-of-another-query"] = static () => new AnswerOfAnotherQuery(),
        ["cached-snapshot"] = static () => new CachedSnapshot(),
        ["epoch-not-raised"] = static () => new EpochNotRaised(),
        ["failure-taken-for-success"] = static () => new FailureTakenForSuccess(),
        ["fence-not-logged"] = static () => new FenceNotLogged(),
        ["forgotten-appends"] = static () => new ForgottenAppends(),
        ["fork-holds-nothing"] = static () => new ForkHoldsNothing(),
        ["last-record-not-read"] = static () => new LastRecordNotRead(),
        ["ledger-not-synced"] = static () => new LedgerNotSynced(),
        ["log-not-synced"] = static () => new LogNotSynced(),
        ["lost-commit-taken-for-done"] = static () => new LostCommitTakenForDone(),
        ["lost-write-taken-for-done"] = static () => new LostWriteTakenForDone(),
        ["moved-in-an-older-state"] = static () => new MovedInAnOlderState(),
        ["new-identifier-per-attempt"] = static () => new NewIdentifierPerAttempt(),
        ["no-fencing"] = static () => new NoFencing(),
        ["no-lock"] = static () => new NoLock(),
        ["rows-not-logged"] = static () => new RowsNotLogged(),
        ["skipped-shard"] = static () => new SkippedShard(),
        ["seed-one-short"] = static () => new SeedOneShort(),
        ["stale-reads"] = static () => new StaleReads(),
        ["stale-replica"] = static () => new StaleReplica(),
        ["write-without-fence"] = static () => new WriteWithoutFence(),
    };

    public static IReadOnlyCollection<string> Names => _all.Keys;

    public static PlantedBug? Find(string? name) => name is null
        ? null
        : _all.TryGetValue(name, out Func<PlantedBug>? make) ? make() : throw new FormatException($"there is no bug '{name}'");
}
