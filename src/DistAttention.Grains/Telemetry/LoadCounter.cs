using System.Diagnostics;
using DistAttention.Contracts;
using DistAttention.Engine.Compute;
using DistAttention.Engine.Planning;
using DistAttention.Engine.Shards;
using DistAttention.Engine.Telemetry;

namespace DistAttention.Grains;

/// <summary>Says how busy this silo is. It begins to count when it is first asked, so that a silo nobody looks at counts nothing.</summary>
internal sealed class LoadCounter(AttentionMeter meter, ComputePool pool, ShardRegistry registry, SiloGates gates) : IDisposable
{
    /// <summary>Shards named in one answer.</summary>
    private const int MaxShards = 4096;

    private readonly Lazy<Counting> _counting = new(() => new Counting(new MetricStore(m => m == meter.Meter), Stopwatch.GetTimestamp()));

    /// <summary>The load now.</summary>
    /// <param name="report">How the silo stands.</param>
    public SiloLoad Look(SiloReport report)
    {
        (MetricStore store, long since) = _counting.Value;
        Dictionary<string, MetricFamily> families = store.Look().ToDictionary(static f => f.Instrument.Name);
        IReadOnlyList<ShardUse> shards = registry.List();
        return new SiloLoad
        {
            Report = report,
            Seconds = Stopwatch.GetElapsedTime(since).TotalSeconds,
            BusySeconds = pool.BusyTime.TotalSeconds,
            Operations = Sum("compute.operations"),
            PeakPerThread = CostRates.PeakFlopsOfAThread,
            Calls = gates.Calls.Calls,
            RowsAnswered = (long)Sum("attend.rows"),
            RowsWritten = (long)Sum("kv.written"),
            BlocksComputed = (long)Sum("blocks.computed"),
            BlocksSkipped = (long)Sum("blocks.skipped"),
            Retries = (long)Sum("retries"),
            Failovers = (long)Sum("failovers"),
            Hedges = (long)Sum("hedges"),
            Refused = (long)Sum("calls.refused"),
            Failed = Failed("attend.duration") + Failed("append.duration"),
            BytesSent = Wire("transmit"),
            BytesReceived = Wire("receive"),
            TimeBounds = [.. Family("attend.duration").Bounds],
            AttendTimes = Times("attend.duration"),
            WriteTimes = Times("kv.write.duration"),
            Shards =
            [
                .. shards.OrderByDescending(static s => s.Bytes).Take(MaxShards).Select(static s => new ShardLoadEntry(s.Id.Sequence, s.Id.Index, s.Positions, s.Bytes, s.Uses)),
            ],
        };

        MetricFamily Family(string name) => families["distattention." + name];

        double Sum(string name) => Family(name).Series().Sum(static s => s.Value);

        double Wire(string direction) =>
            Family("network.io").Series().Where(s => s.Tags.Any(t => t.Key == AttentionMeter.DirectionTag && Equals(t.Value, direction))).Sum(static s => s.Value);

        long Failed(string name) => Family(name).Series().Where(static s => s.Tags.Any(static t => t.Key == AttentionMeter.ErrorTag && !Equals(t.Value, AttentionMeter.Cancelled))).Sum(static s => s.Buckets.Sum());

        long[] Times(string name)
        {
            MetricFamily family = Family(name);
            long[] times = new long[family.Bounds.Count + 1];
            foreach (MetricSeries series in family.Series())
            {
                for (int i = 0; i < times.Length; i++)
                {
                    times[i] += series.Buckets[i];
                }
            }

            return times;
        }
    }

    public void Dispose()
    {
        if (_counting.IsValueCreated)
        {
            _counting.Value.Store.Dispose();
        }
    }

    private sealed record Counting(MetricStore Store, long Since);
}
