using DistAttention.Calls;
using DistAttention.Engine.Ledger;
using DistAttention.Engine.Shards;

namespace DistAttention.Engine;

/// <summary>How the embedded (one-process) client works.</summary>
public sealed class EmbeddedOptions
{
    /// <summary>Threads that run kernels. Default: one per processor. More gain nothing; fewer leave room for others.</summary>
    public int ComputeThreads { get; set; } = Environment.ProcessorCount;

    /// <summary>Bytes of native memory that K/V may take. Default: three quarters of the memory the process may use.</summary>
    public long MemoryBudgetBytes { get; set; } = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4 * 3;

    /// <summary>Bytes of it that the rows of one caller (<see cref="EmbeddedAttention.For"/>) may take. Default: all.</summary>
    public long MemoryBytesPerCaller { get; set; } = long.MaxValue;

    /// <summary>Compute jobs that may wait before calls are refused with <see cref="OverloadedException"/>. Default 4,096.</summary>
    public int MaxQueuedJobs { get; set; } = 4096;

    /// <summary>Calls that may be in progress, waiting ones included, before further ones are refused with <see cref="OverloadedException"/>. Default 1,024. More only wait longer.</summary>
    public int MaxCalls { get; set; } = 1024;

    /// <summary>Bytes of queries, rows and answers that calls in progress may have before further ones are refused. Default 1 GiB. One call alone may have more.</summary>
    public long MaxCallBytes { get; set; } = 1L << 30;

    /// <summary>Calls that one caller (<see cref="EmbeddedAttention.For"/>) may have in progress. Default: as many as there is room for, which callers share.</summary>
    public int MaxCallsPerCaller { get; set; } = int.MaxValue;

    /// <summary>Bytes of queries, rows and answers that one caller's calls in progress may have. Default: as many as there is room for, which callers share.</summary>
    public long MaxCallBytesPerCaller { get; set; } = long.MaxValue;

    /// <summary>
    /// Query tiles (about 1 MiB of q each) of one call that are worked on at a time, where a call is cut into tiles at all: with a durable store, with a
    /// listener to its progress, with queries to turn or project, and for mass. More cost memory, fewer leave threads idle between tiles. Default 4.
    /// </summary>
    public int TilesInFlight { get; set; } = 4;

    /// <summary>Where rows outlive memory. Default: nowhere.</summary>
    public IShardStore ShardStore { get; set; } = new ResidentShardStore();

    /// <summary>Where ledgers are kept. Default: in this process.</summary>
    public ILedgerStore LedgerStore { get; set; } = new InMemoryLedgerStore();

    /// <summary>
    /// How often sequences past their <see cref="SequenceSpec.TimeToLive"/> are looked for, to give back their space; nobody finds them before that
    /// either. Default 5 minutes. Looking reads every ledger that is kept.
    /// </summary>
    public TimeSpan ExpirySweepInterval { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>The clock of deadlines, time-outs and times to live. Default: the system's.</summary>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    internal AdmissionLimits AdmissionLimits => new()
    {
        MaxCalls = MaxCalls,
        MaxCallBytes = MaxCallBytes,
        MaxCallsPerCaller = MaxCallsPerCaller,
        MaxCallBytesPerCaller = MaxCallBytesPerCaller,
    };

    /// <summary>Checks every property.</summary>
    /// <exception cref="InvalidSpecException">Names the first property that is wrong, and why.</exception>
    public void Validate()
    {
        RequirePositive(ComputeThreads, nameof(ComputeThreads));
        RequirePositive(MemoryBudgetBytes, nameof(MemoryBudgetBytes));
        RequirePositive(MemoryBytesPerCaller, nameof(MemoryBytesPerCaller));
        RequirePositive(MaxQueuedJobs, nameof(MaxQueuedJobs));
        RequirePositive(MaxCalls, nameof(MaxCalls));
        RequirePositive(MaxCallBytes, nameof(MaxCallBytes));
        RequirePositive(MaxCallsPerCaller, nameof(MaxCallsPerCaller));
        RequirePositive(MaxCallBytesPerCaller, nameof(MaxCallBytesPerCaller));
        RequirePositive(TilesInFlight, nameof(TilesInFlight));
        Ensure.That(ExpirySweepInterval > TimeSpan.Zero && ExpirySweepInterval <= TimeSpan.FromDays(1), nameof(ExpirySweepInterval), $"{ExpirySweepInterval} is not between 0 and a day");
        RequireNotNull(ShardStore, nameof(ShardStore));
        RequireNotNull(LedgerStore, nameof(LedgerStore));
        RequireNotNull(TimeProvider, nameof(TimeProvider));
    }

    private static void RequirePositive(long value, string property) => Ensure.That(value >= 1, property, $"{value} is not at least 1");

    private static void RequireNotNull(object? value, string property) => Ensure.That(value is not null, property, "a value is needed");
}
