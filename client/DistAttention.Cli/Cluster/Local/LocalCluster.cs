using System.Diagnostics;
using DistAttention.Cli.Output;
using DistAttention.Cli.Shell;
using DistAttention.Client;
using DistAttention.Contracts;
using DistAttention.Contracts.Membership;
using Orleans.Runtime;

namespace DistAttention.Cli.Cluster.Local;

/// <summary>Starts and stops the silos of a cluster on this machine.</summary>
internal sealed class LocalCluster(StateFolder folder)
{
    private static readonly TimeSpan _startPatience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan _stopPatience = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(50);

    public StateFolder Folder => folder;

    /// <summary>The silos whose processes run.</summary>
    public IReadOnlyList<SiloRecord> Running() => [.. folder.Records().Where(IsRunning)];

    /// <summary>Starts silos beside those that run, and waits until every one of them is active and knows the others.</summary>
    /// <param name="numbers">Their numbers.</param>
    /// <param name="ports">Their ports.</param>
    /// <param name="settings">How they are to be.</param>
    /// <param name="cancellationToken">Gives up; what was started is killed.</param>
    public async Task StartAsync(IReadOnlyList<int> numbers, IReadOnlyList<(int Silo, int Gateway)> ports, SiloSettings settings, CancellationToken cancellationToken)
    {
        string executable = SiloExecutable.Find();
        List<SiloProcess> started = [];
        try
        {
            foreach ((int number, (int Silo, int Gateway) pair) in numbers.Zip(ports))
            {
                SiloProcess silo = SiloProcess.Start(executable, folder, number, pair, settings);
                started.Add(silo);
                folder.Write(silo.Record);
            }

            await WaitUntilActiveAsync(started, cancellationToken).ConfigureAwait(false);
            await WaitUntilKnownAsync(started, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            foreach (SiloProcess silo in started)
            {
                silo.Kill();
                folder.Remove(silo.Record);
            }

            throw;
        }
        finally
        {
            started.ForEach(static silo => silo.Dispose());
        }
    }

    /// <summary>Connects to it; any silo that lives is enough, whichever may be killed.</summary>
    /// <param name="configure">Changes the defaults.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<DistAttentionClient> ConnectAsync(Action<DistAttentionClientOptions>? configure = null, CancellationToken cancellationToken = default)
    {
        DistAttentionClientOptions options = new() { ConfigureClustering = client => client.Services.AddFileGateways(folder.Path) };
        configure?.Invoke(options);
        return DistAttentionClient.ConnectAsync(options, cancellationToken);
    }

    /// <summary>Asks all silos to end, and kills those that do not.</summary>
    /// <returns>The silos that had to be killed.</returns>
    public async Task<IReadOnlyList<SiloRecord>> StopAsync(CancellationToken cancellationToken)
    {
        SiloRecord[] records = [.. folder.Records()];
        foreach (SiloRecord record in records)
        {
            using Process? process = record.FindProcess();
            if (process is not null)
            {
                Signals.Terminate(process);
            }
        }

        long started = Stopwatch.GetTimestamp();
        while (records.Any(IsRunning) && Stopwatch.GetElapsedTime(started) < _stopPatience)
        {
            await Task.Delay(_pause, cancellationToken).ConfigureAwait(false);
        }

        SiloRecord[] stubborn = [.. records.Where(IsRunning)];
        foreach (SiloRecord record in stubborn)
        {
            Kill(record);
        }

        foreach (SiloRecord record in records)
        {
            folder.Remove(record);
        }

        folder.ForgetMembers();
        return stubborn;
    }

    /// <summary>kill −9. The silo stays in the records until it is started again, so that status can tell of it.</summary>
    /// <returns>Whether it ran.</returns>
    public static bool Kill(SiloRecord record)
    {
        using Process? process = record.FindProcess();
        process?.Kill();
        process?.WaitForExit(_stopPatience);
        return process is not null;
    }

    public static bool IsRunning(SiloRecord record)
    {
        using Process? process = record.FindProcess();
        return process is not null;
    }

    private async Task WaitUntilActiveAsync(List<SiloProcess> silos, CancellationToken cancellationToken)
    {
        long began = Stopwatch.GetTimestamp();
        while (!silos.TrueForAll(IsActive))
        {
            silos.ForEach(static silo => silo.ThrowIfEnded());
            ThrowIfLate(began, "not every silo is active");
            await Task.Delay(_pause, cancellationToken).ConfigureAwait(false);
        }
    }

    // Being active is said by the file; that silos know each other is said by them, a moment later.
    private async Task WaitUntilKnownAsync(List<SiloProcess> silos, CancellationToken cancellationToken)
    {
        DistAttentionClient client = await ConnectAsync(null, cancellationToken).ConfigureAwait(false);
        await using (client.ConfigureAwait(false))
        {
            long began = Stopwatch.GetTimestamp();
            while (true)
            {
                IReadOnlyList<SiloReport> reports = await ReportsAsync(client, cancellationToken).ConfigureAwait(false);
                if (silos.TrueForAll(silo => reports.Any(report => report.ProcessId == silo.Record.ProcessId)))
                {
                    return;
                }

                silos.ForEach(static silo => silo.ThrowIfEnded());
                ThrowIfLate(began, "the silos do not find each other");
                await Task.Delay(_pause, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>None from a cluster that is still busy getting up.</summary>
    private static async Task<IReadOnlyList<SiloReport>> ReportsAsync(DistAttentionClient client, CancellationToken cancellationToken)
    {
        try
        {
            return await client.GetClusterReportAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (SiloUnreachableException)
        {
            return [];
        }
    }

    private bool IsActive(SiloProcess silo) =>
        ClusterMembers.Read(folder.Path).Any(member => member.Status == SiloStatus.Active && member.Address.Endpoint.Port == silo.Record.SiloPort);

    private void ThrowIfLate(long began, string problem)
    {
        if (Stopwatch.GetElapsedTime(began) > _startPatience)
        {
            throw new CliException($"{problem} after {Units.Duration(_startPatience)}; their logs are in {folder.Path}");
        }
    }
}
