using System.Diagnostics;
using DistAttention.Testing.Postgres;

namespace DistAttention.Chaos.Hosts;

/// <summary>
/// Two silos, their database and callers on hosts of their own, under faults of the links between them: every answer must have the bits of one
/// process, and service must come back soon after the links do.
/// </summary>
public static class HostRun
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(120);

    /// <summary>Why it cannot be run here; null if it can.</summary>
    public static async Task<string?> WhyNotAsync() => PostgresBinaries.WhyNot ?? await HostNetwork.WhyNotAsync().ConfigureAwait(false);

    /// <summary>Runs, and removes every host and process that it made.</summary>
    /// <param name="options">What to do.</param>
    /// <param name="output">Told of every fault.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    public static async Task<HostReport> RunAsync(HostOptions options, TextWriter output, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(output);
        HostCluster cluster = await HostCluster.StartAsync(options, cancellationToken).ConfigureAwait(false);
        await using (cluster.ConfigureAwait(false))
        {
            await output.WriteLineAsync($"three hosts, two silos{(options.Keep ? $", logs in {cluster.Folder}" : "")}").ConfigureAwait(false);
            await cluster.WaitUntilServedAsync(0, _patience, cancellationToken).ConfigureAwait(false);
            List<HostOutcome> outcomes = [];
            foreach (HostFault fault in options.Faults)
            {
                outcomes.Add(await RunAsync(fault, options.Time, cluster, cancellationToken).ConfigureAwait(false));
                await output.WriteLineAsync(outcomes[^1].ToString()).ConfigureAwait(false);
            }

            await cluster.FinishAsync(cancellationToken).ConfigureAwait(false);
            LoadEvent[] events = [.. cluster.Events];
            return new HostReport(
                outcomes,
                events.Count(static e => e.Kind == LoadEventKind.Done),
                events.Where(static e => e.Kind == LoadEventKind.Failed).GroupBy(static e => e.Text).ToDictionary(static g => g.Key, static g => g.Count()),
                [.. events.Where(static e => e.Kind == LoadEventKind.Violation).Select(static e => e.Text)],
                events.Any(static e => e.Kind == LoadEventKind.Checked));
        }
    }

    private static async Task<HostOutcome> RunAsync(HostFault fault, TimeSpan time, HostCluster cluster, CancellationToken cancellationToken)
    {
        int restarts = cluster.Silos.Sum(static s => s.Restarts);
        long began = Stopwatch.GetTimestamp();
        string more = await fault.Make(cluster.Network).ConfigureAwait(false);
        await Task.Delay(time, cancellationToken).ConfigureAwait(false);
        await fault.Heal(cluster.Network).ConfigureAwait(false);
        long ended = Stopwatch.GetTimestamp();
        long? back = await cluster.WaitUntilServedAsync(ended, _patience, cancellationToken).ConfigureAwait(false);
        bool isWhole = await cluster.WaitUntilWholeAsync(_patience, cancellationToken).ConfigureAwait(false);
        TimeSpan whole = Stopwatch.GetElapsedTime(ended);
        LoadEvent[] done = [.. cluster.Events.Where(e => e.Kind == LoadEventKind.Done && e.Ended >= began)];
        return new HostOutcome(
            more.Length == 0 ? fault.Name : $"{fault.Name} ({more})",
            time,
            done.Count(e => e.Ended < ended),
            done.Select(static e => e.Took).DefaultIfEmpty().Max(),
            back is { } at ? Stopwatch.GetElapsedTime(ended, at) : null,
            isWhole ? whole : null,
            cluster.Silos.Sum(static s => s.Restarts) - restarts);
    }
}
