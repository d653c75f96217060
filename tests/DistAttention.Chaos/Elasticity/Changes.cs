using System.Diagnostics;
using DistAttention.Chaos.Silos;
using DistAttention.Client;
using DistAttention.Contracts;

namespace DistAttention.Chaos.Elasticity;

/// <summary>Starts silos, and asks silos to end.</summary>
internal sealed class Changes(SiloCluster cluster, DistAttentionClient client, ElasticOptions options, ElasticReport report, TextWriter output)
{
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(100);

    /// <summary>Longer than silos keep what they have given away.</summary>
    private static readonly TimeSpan _settling = TimeSpan.FromSeconds(3);

    /// <summary>One silo after the other ends and comes back.</summary>
    public async Task RestartEachAsync(CancellationToken cancellationToken)
    {
        for (int round = 0; round < options.Rounds; round++)
        {
            foreach (SiloProcess silo in cluster.Silos)
            {
                await Task.Delay(options.Rest, cancellationToken).ConfigureAwait(false);
                await EndAsync(silo, cancellationToken).ConfigureAwait(false);
                silo.Start();
                Note($"{silo.Name} starts");
                await cluster.WaitUntilWholeAsync(client, cancellationToken).ConfigureAwait(false);
                Note("all are there");
            }
        }

        await Task.Delay(options.Rest, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>2 → 4 → 2.</summary>
    public async Task ScaleAsync(double mostUneven, TimeSpan patience, CancellationToken cancellationToken)
    {
        for (int round = 0; round < options.Rounds; round++)
        {
            await Task.Delay(options.Rest, cancellationToken).ConfigureAwait(false);
            long began = Stopwatch.GetTimestamp();
            foreach (SiloProcess silo in cluster.Silos.Skip(2))
            {
                silo.Start();
                Note($"{silo.Name} starts");
            }

            await cluster.WaitUntilWholeAsync(client, cancellationToken).ConfigureAwait(false);
            await WaitUntilEvenAsync("from 2 silos to 4", 4, began, mostUneven, patience, cancellationToken).ConfigureAwait(false);
            await Task.Delay(options.Rest, cancellationToken).ConfigureAwait(false);
            began = Stopwatch.GetTimestamp();
            foreach (SiloProcess silo in cluster.Silos.Skip(2).Reverse())
            {
                await EndAsync(silo, cancellationToken).ConfigureAwait(false);
            }

            await WaitUntilEvenAsync("from 4 silos to 2", 2, began, mostUneven, patience, cancellationToken).ConfigureAwait(false);
            await Task.Delay(options.Rest, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task EndAsync(SiloProcess silo, CancellationToken cancellationToken)
    {
        Note($"{silo.Name} is asked to end");
        long began = Stopwatch.GetTimestamp();
        await silo.TerminateAsync(cancellationToken).ConfigureAwait(false);
        TimeSpan took = Stopwatch.GetElapsedTime(began);
        Note($"{silo.Name} has ended after {took.TotalSeconds:N1} s");
        report.SlowestStop = took > report.SlowestStop ? took : report.SlowestStop;
        if (silo.ExitCode != 0)
        {
            report.BadEnds.Add($"{silo.Name} with code {silo.ExitCode}");
        }
    }

    /// <summary>Until it is as even as is asked for, and still is a while later, or the time is up: then with what there is.</summary>
    private async Task WaitUntilEvenAsync(string after, int silos, long began, double mostUneven, TimeSpan patience, CancellationToken cancellationToken)
    {
        TimeSpan? since = null;
        while (true)
        {
            IReadOnlyList<SiloReport> reports = await ReportsAsync(cancellationToken).ConfigureAwait(false);
            TimeSpan took = Stopwatch.GetElapsedTime(began);
            Evenness now = new(after, [.. reports.Select(static r => r.ResidentBytes)], took);
            bool even = reports.Count == silos && now.WorstShare <= mostUneven;
            since = even ? since ?? took : null;
            if ((even && took - since > _settling) || took > patience)
            {
                report.Measured(after, reports, since ?? took);
                Note($"{after}: {now.WorstShare:P0} off even, reached after {(since ?? took).TotalSeconds:N1} s");
                return;
            }

            await Task.Delay(_pause, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<IReadOnlyList<SiloReport>> ReportsAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await client.GetClusterReportAsync(cancellationToken).WaitAsync(TimeSpan.FromSeconds(5), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is DistAttentionException or TimeoutException)
        {
            return []; // asked again
        }
    }

    private void Note(string what)
    {
        if (options.Cluster.Trace)
        {
            output.WriteLine($"{DateTime.UtcNow:HH:mm:ss.fff} {what}");
        }
    }
}
