using DistAttention.Contracts;

namespace DistAttention.Silo.Admin.Dashboard;

/// <summary>A silo as the dashboard shows it: what it holds, and rates per second over the last moments.</summary>
internal sealed record SiloView
{
    /// <summary>Looks at what was added between two looks at a silo.</summary>
    /// <param name="now">The later one.</param>
    /// <param name="last">The one just before; null if there is none.</param>
    /// <param name="old">One from some seconds ago, for times, of which there are few per second.</param>
    public static SiloView Of(SiloLoad now, SiloLoad? last, SiloLoad? old)
    {
        SiloReport report = now.Report;
        double seconds = last is null ? 0 : now.Seconds - last.Seconds;
        Dictionary<(Guid, int), long> usesBefore = [];
        foreach (ShardLoadEntry shard in last?.Shards ?? [])
        {
            usesBefore[(shard.Sequence, shard.Index)] = shard.Uses;
        }

        double busy = seconds > 0 ? Math.Clamp((now.BusySeconds - last!.BusySeconds) / seconds / report.ComputeThreads, 0, 1) : 0;
        double flops = Rate(static l => l.Operations);
        return new SiloView
        {
            Id = report.Silo,
            Name = report.Name,
            Gateway = report.Gateway,
            Process = report.ProcessId,
            Threads = report.ComputeThreads,
            Busy = busy,
            Queued = report.QueuedJobs,
            Calls = now.Calls,
            Resident = report.ResidentBytes,
            Budget = report.BudgetBytes,
            Positions = report.Positions,
            ShardCount = report.Shards,
            Sequences = report.Sequences,
            Flops = flops,
            PeakFraction = busy > 0 ? Math.Min(1, flops / (busy * report.ComputeThreads * now.PeakPerThread)) : 0,
            RowsAnswered = Rate(static l => l.RowsAnswered),
            RowsWritten = Rate(static l => l.RowsWritten),
            BytesSent = Rate(static l => l.BytesSent),
            BytesReceived = Rate(static l => l.BytesReceived),
            BlocksComputed = Rate(static l => l.BlocksComputed),
            BlocksSkipped = Rate(static l => l.BlocksSkipped),
            Retries = now.Retries,
            Failovers = now.Failovers,
            Hedges = now.Hedges,
            Refused = now.Refused,
            Failed = now.Failed,
            AttendMedian = Quantile(now.TimeBounds, now.AttendTimes, old?.AttendTimes, 0.5),
            AttendTail = Quantile(now.TimeBounds, now.AttendTimes, old?.AttendTimes, 0.99),
            WriteMedian = Quantile(now.TimeBounds, now.WriteTimes, old?.WriteTimes, 0.5),
            WriteTail = Quantile(now.TimeBounds, now.WriteTimes, old?.WriteTimes, 0.99),
            Shards =
            [
                .. now.Shards.OrderBy(static s => s.Sequence).ThenBy(static s => s.Index).Select(s => new ShardView(
                    s.Sequence.ToString("N"),
                    s.Index,
                    s.Positions,
                    s.Bytes,
                    seconds > 0 && usesBefore.TryGetValue((s.Sequence, s.Index), out long before) ? Math.Max(0, s.Uses - before) / seconds : 0)),
            ],
        };

        double Rate(Func<SiloLoad, double> of) => seconds > 0 ? Math.Max(0, of(now) - of(last!)) / seconds : 0;
    }

    public required string Id { get; init; }

    public required string Name { get; init; }

    public required string Gateway { get; init; }

    public required int Process { get; init; }

    public required int Threads { get; init; }

    /// <summary>Share of the threads' time that kernels took.</summary>
    public required double Busy { get; init; }

    public required int Queued { get; init; }

    public required int Calls { get; init; }

    public required long Resident { get; init; }

    public required long Budget { get; init; }

    public required long Positions { get; init; }

    public required int ShardCount { get; init; }

    public required int Sequences { get; init; }

    public required double Flops { get; init; }

    public required double PeakFraction { get; init; }

    public required double RowsAnswered { get; init; }

    public required double RowsWritten { get; init; }

    public required double BytesSent { get; init; }

    public required double BytesReceived { get; init; }

    public required double BlocksComputed { get; init; }

    public required double BlocksSkipped { get; init; }

    /// <summary>Since somebody looks.</summary>
    public required long Retries { get; init; }

    public required long Failovers { get; init; }

    public required long Hedges { get; init; }

    public required long Refused { get; init; }

    public required long Failed { get; init; }

    /// <summary>Seconds; null where nothing was measured of late.</summary>
    public required double? AttendMedian { get; init; }

    public required double? AttendTail { get; init; }

    public required double? WriteMedian { get; init; }

    public required double? WriteTail { get; init; }

    public required IReadOnlyList<ShardView> Shards { get; init; }

    /// <summary>The time that a share of calls stayed below, read off the buckets that they were sorted into, evenly spread inside each.</summary>
    internal static double? Quantile(double[] bounds, long[] now, long[]? before, double share)
    {
        long[] added = [.. now.Select((count, i) => count - (before is not null && before.Length == now.Length ? before[i] : 0))];
        double wanted = added.Sum() * share;
        if (wanted <= 0)
        {
            return null;
        }

        for (int i = 0; i < added.Length; i++)
        {
            if (wanted <= added[i])
            {
                double from = i == 0 ? 0 : bounds[i - 1];
                return i < bounds.Length ? from + ((bounds[i] - from) * wanted / added[i]) : from;
            }

            wanted -= added[i];
        }

        return bounds[^1];
    }
}

/// <summary>A shard of a silo.</summary>
/// <param name="Sequence">The sequence that made it.</param>
/// <param name="Index">Which of its shards.</param>
/// <param name="Positions">Rows in it.</param>
/// <param name="Bytes">Bytes of memory.</param>
/// <param name="Uses">How often it is asked for, per second.</param>
internal sealed record ShardView(string Sequence, int Index, int Positions, long Bytes, double Uses);
