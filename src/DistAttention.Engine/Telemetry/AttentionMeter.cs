using System.Diagnostics;
using System.Diagnostics.Metrics;
using DistAttention.Calls;
using DistAttention.Engine.Compute;
using DistAttention.Engine.Planning;
using DistAttention.Engine.Shards;
using DistAttention.Kernels;

namespace DistAttention.Engine.Telemetry;

/// <summary>
/// What one engine counts: the meter <c>DistAttention</c>, whose instruments are named in lower case with dots and measured in units of UCUM.
/// While nobody listens, counting is one look at a flag. No instrument carries the name of a sequence or of a tenant: there may be any number of them.
/// </summary>
public sealed class AttentionMeter : IDisposable
{
    /// <summary>The meter's name.</summary>
    public const string Name = "DistAttention";

    /// <summary>What a call that failed is marked with: the kind of its error.</summary>
    public const string ErrorTag = "error.type";

    /// <summary>The instrument that always carries <see cref="DirectionTag"/>.</summary>
    internal const string Wire = Prefix + "network.io";

    /// <summary>What bytes on the wire are marked with.</summary>
    public const string DirectionTag = "network.io.direction";

    /// <summary>The kind of error of a call that nobody wanted an answer of any more: another one was faster, or its caller gave up.</summary>
    public const string Cancelled = "cancelled";

    private const string Prefix = "distattention.";

    private static readonly InstrumentAdvice<double> _seconds = new()
    {
        HistogramBucketBoundaries = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
    };

    private static readonly KeyValuePair<string, object?> _sent = new(DirectionTag, "transmit");
    private static readonly KeyValuePair<string, object?> _received = new(DirectionTag, "receive");

    private readonly Counter<long> _attendRows;
    private readonly Histogram<double> _attendTime;
    private readonly Counter<long> _appendRows;
    private readonly Histogram<double> _appendTime;
    private readonly Counter<long> _writtenRows;
    private readonly Histogram<double> _writeTime;
    private readonly Histogram<double> _partTime;
    private readonly Counter<double> _flops;
    private readonly Counter<long> _blocksComputed;
    private readonly Counter<long> _blocksSkipped;
    private readonly Counter<long> _retries;
    private readonly Counter<long> _failovers;
    private readonly Counter<long> _hedges;
    private readonly Counter<long> _wire;
    private readonly ComputeRate _rate = new();

    /// <summary>A meter of its own.</summary>
    /// <param name="scope">Tells it from those of other engines in the process: listeners look at <see cref="Meter.Scope"/>. Null for none.</param>
    public AttentionMeter(object? scope = null)
    {
        Meter = new Meter(new MeterOptions(Name) { Scope = scope });
        _attendRows = Meter.CreateCounter<long>(Prefix + "attend.rows", "{row}", "Query rows answered by calls of clients.");
        _attendTime = Meter.CreateHistogram(Prefix + "attend.duration", "s", "Time to answer a call of a client; on a silo, a tile of one.", tags: null, _seconds);
        _appendRows = Meter.CreateCounter<long>(Prefix + "append.rows", "{row}", "Rows appended by calls through this process.");
        _appendTime = Meter.CreateHistogram(Prefix + "append.duration", "s", "Time to append the rows of a call.", tags: null, _seconds);
        _writtenRows = Meter.CreateCounter<long>(Prefix + "kv.written", "{row}", "Rows written to shards of this process, whoever appended them.");
        _writeTime = Meter.CreateHistogram(Prefix + "kv.write.duration", "s", "Time to take rows into a shard of this process, and into the store where there is one.", tags: null, _seconds);
        _partTime = Meter.CreateHistogram(Prefix + "part.duration", "s", "Time to compute the part of a tile that this process owns.", tags: null, _seconds);
        _flops = Meter.CreateCounter<double>(Prefix + "compute.operations", "{flop}", "Floating-point operations over visible pairs, two per multiply-add.");
        _blocksComputed = Meter.CreateCounter<long>(Prefix + "blocks.computed", "{block}", "(query tile x block) visits computed for calls of clients.");
        _blocksSkipped = Meter.CreateCounter<long>(Prefix + "blocks.skipped", "{block}", "(query tile x block) visits that masks made unnecessary.");
        _retries = Meter.CreateCounter<long>(Prefix + "retries", "{part}", "Parts of tiles asked for again.");
        _failovers = Meter.CreateCounter<long>(Prefix + "failovers", "{part}", "Parts of tiles, and writes, given to another owner because theirs did not answer.");
        _hedges = Meter.CreateCounter<long>(Prefix + "hedges", "{part}", "Parts of tiles asked of a second owner because the first was late.");
        _wire = Meter.CreateCounter<long>(Wire, "By", "Bytes of queries, mask data, partials, keys and values exchanged with other processes.");
    }

    /// <summary>A meter that nobody can listen to.</summary>
    public static AttentionMeter Silent { get; } = MakeSilent();

    /// <summary>The meter itself.</summary>
    public Meter Meter { get; }

    /// <summary>Adds what can be looked at: memory, threads, queues.</summary>
    /// <param name="pool">Where kernels run.</param>
    /// <param name="registry">The shards of this process.</param>
    /// <param name="calls">The gate that calls of clients come through.</param>
    /// <param name="parts">The gate that parts of others' calls come through; null where there are none.</param>
    public void Watch(ComputePool pool, ShardRegistry registry, CallGate calls, CallGate? parts = null)
    {
        Meter.CreateObservableUpDownCounter(Prefix + "kv.resident", () => registry.Budget.UsedBytes, "By", "Bytes of native memory that resident keys and values take.");
        Meter.CreateObservableUpDownCounter(Prefix + "kv.limit", () => registry.Budget.LimitBytes, "By", "Bytes that they may take.");
        Meter.CreateObservableUpDownCounter(Prefix + "kv.positions", () => registry.Count().Positions, "{position}", "Positions resident.");
        Meter.CreateObservableUpDownCounter(Prefix + "kv.shards", () => registry.Count().Shards, "{shard}", "Shards resident.");
        Meter.CreateObservableUpDownCounter(Prefix + "compute.threads", () => pool.Threads, "{thread}", "Threads that run kernels.");
        Meter.CreateObservableUpDownCounter(Prefix + "compute.threads.busy", () => pool.BusyThreads, "{thread}", "Threads that are inside a kernel now.");
        Meter.CreateObservableUpDownCounter(Prefix + "compute.queue.length", () => pool.QueuedJobs, "{job}", "Compute jobs that wait for a thread.");
        Meter.CreateObservableCounter(Prefix + "compute.time", () => pool.BusyTime.TotalSeconds, "s", "Time that threads spent inside kernels, all together.");
        Meter.CreateObservableUpDownCounter(Prefix + "calls.active", () => calls.Calls, "{call}", "Calls of clients in progress.");
        Meter.CreateObservableCounter(
            Prefix + "calls.refused",
            () => calls.Refused + (parts?.Refused ?? 0),
            "{call}",
            "Calls, and parts of calls of other silos, refused as too many; those that were let in and failed are in the durations.");
        Meter.CreateObservableGauge(Prefix + "compute.rate", () => _rate.Look(pool).FlopsPerSecond, "{flop}/s", "Floating-point operations per second, over the last seconds.");
        Meter.CreateObservableGauge(
            Prefix + "compute.peak_fraction",
            () => _rate.Look(pool).PeakFraction,
            "1",
            "Of the multiply-adds that the threads could have done while they were inside kernels, over the last seconds, those that visible pairs took.");
    }

    /// <summary>When a call begins; to be given back when it ends. 0 while nobody listens.</summary>
    public long Begin() => _attendTime.Enabled || _appendTime.Enabled || _partTime.Enabled ? Stopwatch.GetTimestamp() : 0;

    /// <summary>A call of a client was answered.</summary>
    /// <param name="began">When it began.</param>
    /// <param name="summary">What it did.</param>
    public void Attended(long began, in AttentionSummary summary)
    {
        if (began != 0)
        {
            _attendTime.Record(Stopwatch.GetElapsedTime(began).TotalSeconds);
            _attendRows.Add(summary.Rows);
            _blocksComputed.Add(summary.BlocksComputed);
            _blocksSkipped.Add(summary.BlocksSkipped);
            AddIfAny(_retries, summary.Retries);
        }
    }

    /// <summary>Rows were appended.</summary>
    /// <param name="began">When the call began.</param>
    /// <param name="rows">How many.</param>
    public void Appended(long began, long rows)
    {
        if (began != 0)
        {
            _appendTime.Record(Stopwatch.GetElapsedTime(began).TotalSeconds);
            _appendRows.Add(rows);
        }
    }

    /// <summary>A call of a client failed.</summary>
    /// <param name="began">When it began.</param>
    /// <param name="isAppend">Whether it appends.</param>
    /// <param name="error">With what.</param>
    public void Failed(long began, bool isAppend, Exception error)
    {
        if (began != 0)
        {
            (isAppend ? _appendTime : _attendTime).Record(Stopwatch.GetElapsedTime(began).TotalSeconds, new KeyValuePair<string, object?>(ErrorTag, error is OperationCanceledException ? Cancelled : error.GetType().Name));
        }
    }

    /// <summary>This process computed its part of a tile.</summary>
    /// <param name="began">When it began.</param>
    /// <param name="spec">The sequence's shape.</param>
    /// <param name="mask">Which positions the rows see.</param>
    /// <param name="queries">Positions of the rows.</param>
    /// <param name="positions">The positions read.</param>
    internal void Computed(long began, SequenceSpec spec, AttentionMask mask, PositionRange queries, PositionRange[] positions)
    {
        if (began == 0)
        {
            return;
        }

        _partTime.Record(Stopwatch.GetElapsedTime(began).TotalSeconds);
        CompiledMask compiled = CompiledMask.Compile(mask);
        double pairs = 0;
        foreach (PositionRange range in positions)
        {
            long lookedAt = 0;
            pairs += compiled.CountVisible(queries, range, ref lookedAt).Estimate;
        }

        double flops = 2.0 * pairs * spec.NumHeadsQ * (spec.StoredHeadDim + spec.HeadDimV);
        _flops.Add(flops);
        _rate.Add(flops);
    }

    /// <summary>Rows were written to a shard of this process.</summary>
    /// <param name="began">When that began.</param>
    /// <param name="rows">How many.</param>
    public void Wrote(long began, long rows)
    {
        if (began != 0)
        {
            _writeTime.Record(Stopwatch.GetElapsedTime(began).TotalSeconds);
            _writtenRows.Add(rows);
        }
    }

    /// <summary>A part of a tile, or a write, was given to another owner.</summary>
    public void FailedOver() => _failovers.Add(1);

    /// <summary>A second owner was asked.</summary>
    public void Hedged() => _hedges.Add(1);

    /// <summary>Bytes went to another process.</summary>
    /// <param name="bytes">How many.</param>
    public void Sent(long bytes) => _wire.Add(bytes, _sent);

    /// <summary>Bytes came from another process.</summary>
    /// <param name="bytes">How many.</param>
    public void Received(long bytes) => _wire.Add(bytes, _received);

    /// <inheritdoc/>
    public void Dispose() => Meter.Dispose();

    private static AttentionMeter MakeSilent()
    {
        AttentionMeter silent = new();
        silent.Dispose();
        return silent;
    }

    private static void AddIfAny(Counter<long> counter, long count)
    {
        if (count > 0)
        {
            counter.Add(count);
        }
    }
}
