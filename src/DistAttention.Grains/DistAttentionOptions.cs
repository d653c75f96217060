namespace DistAttention.Grains;

/// <summary>What a silo gives to attention.</summary>
public sealed class DistAttentionOptions
{
    /// <summary>Threads that run kernels. Default: one per processor but one, at least 1, so that messages are still answered while kernels run.</summary>
    public int ComputeThreads { get; set; } = Math.Max(1, Environment.ProcessorCount - 1);

    /// <summary>Bytes of native memory that K/V may take on this silo. Default: three quarters of the memory the process may use.</summary>
    public long MemoryBudgetBytes { get; set; } = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4 * 3;

    /// <summary>Bytes of it that the rows of one tenant may take, or of one client where there are no tenants. Default: all.</summary>
    public long MemoryBytesPerCaller { get; set; } = long.MaxValue;

    /// <summary>Compute jobs that may wait before calls are refused with <see cref="OverloadedException"/>. Default 4,096.</summary>
    public int MaxQueuedJobs { get; set; } = 4096;

    /// <summary>Calls that this silo coordinates, and that it works on for other silos, at a time, waiting ones included, before further ones are refused with <see cref="OverloadedException"/>. Default 1,024 each. More only wait longer.</summary>
    public int MaxCalls { get; set; } = 1024;

    /// <summary>Bytes of queries, rows and answers that these calls may have before further ones are refused. Default 1 GiB. One call alone may have more.</summary>
    public long MaxCallBytes { get; set; } = 1L << 30;

    /// <summary>Of these calls, how many may be one tenant's, or one client's where there are no tenants. Default: as many as there is room for, which they share.</summary>
    public int MaxCallsPerCaller { get; set; } = int.MaxValue;

    /// <summary>Of these bytes, how many may be one tenant's, or one client's where there are no tenants. Default: as many as there is room for, which they share.</summary>
    public long MaxCallBytesPerCaller { get; set; } = long.MaxValue;

    /// <summary>Messages that may wait at one grain of this silo before further ones are refused, as the runtime refuses them. Default 10,000.</summary>
    public int MaxWaitingMessages { get; set; } = 10_000;

    /// <summary>Shards of one append that a coordinator writes at a time. Default 4.</summary>
    public int WritesInFlight { get; set; } = 4;

    /// <summary>The shortest time after which a silo that has not answered is asked how the call stands; three times the time predicted where that is longer. Default 250 ms. Shorter finds a lost silo sooner and asks more often.</summary>
    public TimeSpan MinAttemptTime { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>How long that question may stay unanswered before the silo counts as lost to the call. Default 3 s. Shorter mistakes a busy machine for a lost one.</summary>
    public TimeSpan ProbeTimeout { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>How long a silo may work on a call, and nothing on it get on, before the call is made again. Default 60 s. Shorter than one item of work takes (tens of milliseconds with fused-multiply-add hardware), and slow work counts as none.</summary>
    public TimeSpan StallTime { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>How old a silo's published free bytes may be when owners of new shards are chosen. Default 2 s.</summary>
    public TimeSpan ReportMaxAge { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Silos that have each shard in memory: 1, its owner alone, or 2, where the silo after the owner also keeps it warm from the log, so that a
    /// query outlives the owner without waiting. Costs that memory, and needs a storage that all silos share. Default 1.
    /// </summary>
    public int Replicas { get; set; } = 1;

    /// <summary>
    /// The shortest time after which a late silo is no longer waited for alone: its shards' second copies are asked too (<see cref="Replicas"/>), and the
    /// storage instead of a ledger. Three times the time predicted where that is longer. Default 50 ms. Shorter answers sooner when a silo is lost and
    /// asks twice more often.
    /// </summary>
    public TimeSpan HedgeTime { get; set; } = TimeSpan.FromMilliseconds(50);

    /// <summary>
    /// How often a silo asks its neighbours for a sign of life, to declare those dead at once whose port nobody listens on any more. Default 200 ms;
    /// zero leaves all of it to the failure detector of the cluster, which takes seconds.
    /// </summary>
    public TimeSpan WatchInterval { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>
    /// How often sequences past their <see cref="SequenceSpec.TimeToLive"/> are looked for, to give back their space; nobody finds them before that
    /// either. Default 5 minutes. Looking reads every ledger that is kept.
    /// </summary>
    public TimeSpan ExpirySweepInterval { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// How long after a silo has joined, or the last of several, it gets its share of the others' shards. Default 10 s; zero leaves it to
    /// <c>distattn rebalance</c>. Needs a storage that all silos share, or moves rows from memory to memory.
    /// </summary>
    public TimeSpan RebalanceAfter { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long a silo still answers for a shard that it has given to another one, before it gives its memory back: queries that are under way know of
    /// the old owner. Default 5 s. Shorter, and slow ones make it read the shard once more.
    /// </summary>
    public TimeSpan HandOverTime { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>TCP connections to each other silo. Default 2: a large tile does not hold up small messages.</summary>
    public int ConnectionsPerPeer { get; set; } = 2;

    /// <summary>How long whoever connects may take to introduce itself, after TLS where there is any, before it is cut off. Default 5 s.</summary>
    public TimeSpan PreambleTimeout { get; set; } = TimeSpan.FromSeconds(5);
}
