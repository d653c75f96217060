using DistAttention.Chaos.Running;
using DistAttention.Chaos.Silos;
using DistAttention.Client;
using DistAttention.Testing;

namespace DistAttention.Chaos.Faults;

/// <summary>Kills, stops and restarts silos, and starts again what has ended.</summary>
internal sealed class Nemesis(SiloCluster cluster, DistAttentionClient client, ChaosOptions options, ChaosReport report, TextWriter output)
{
    /// <summary>One in so many kills is of all silos.</summary>
    private const int AllAtOnce = 10;

    private readonly SeededData _data = new(options.Seed ^ 0xFA);

    /// <summary>Makes faults for a time, or a number of kills.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        if (options.Kills > 0)
        {
            await KillAsync(cancellationToken).ConfigureAwait(false);
            return;
        }

        using CancellationTokenSource time = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        time.CancelAfter(options.Time);
        try
        {
            while (true)
            {
                await PauseAsync(200, 2500, time.Token).ConfigureAwait(false);
                await OneFaultAsync(time.Token).ConfigureAwait(false);
                StartWhatEnded();
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The time is over.
        }
    }

    /// <summary>Ends every fault: all silos run.</summary>
    public async Task CalmAsync(CancellationToken cancellationToken)
    {
        foreach (SiloProcess silo in cluster.Silos)
        {
            silo.Continue();
            if (!silo.IsRunning)
            {
                silo.Start();
            }
        }

        await cluster.WaitUntilWholeAsync(client, cancellationToken).ConfigureAwait(false);
    }

    private async Task KillAsync(CancellationToken cancellationToken)
    {
        for (int kill = 1; kill <= options.Kills; kill++)
        {
            await PauseAsync(50, 600, cancellationToken).ConfigureAwait(false);
            SiloProcess silo = AnySilo();
            await KillAsync(silo).ConfigureAwait(false);
            await PauseAsync(0, 400, cancellationToken).ConfigureAwait(false);
            silo.Start();
            await cluster.WaitUntilWholeAsync(client, cancellationToken).ConfigureAwait(false);
            if (kill % AllAtOnce == 0)
            {
                await KillAllAsync(cancellationToken).ConfigureAwait(false);
                await cluster.WaitUntilWholeAsync(client, cancellationToken).ConfigureAwait(false);
                await output.WriteLineAsync($"{kill} of {options.Kills} kills, {report.Rows:N0} rows, {report.Answers:N0} answers").ConfigureAwait(false);
            }
        }
    }

    private async Task OneFaultAsync(CancellationToken cancellationToken)
    {
        SiloProcess silo = AnySilo();
        switch (_data.NextInt(20))
        {
            case < 10:
                await KillAsync(silo).ConfigureAwait(false);
                await PauseAsync(0, 3000, cancellationToken).ConfigureAwait(false);
                silo.Start();
                break;
            case < 15:
                // Mostly short, seldom as long as may be.
                double share = _data.NextUniform();
                TimeSpan stop = TimeSpan.FromSeconds(Math.Min(1, options.LongestStop.TotalSeconds)) + (share * share * share * options.LongestStop);
                Note($"{silo.Name} stops for {stop.TotalSeconds:N1} s");
                report.Stops++;
                silo.Stop();
                try
                {
                    await Task.Delay(stop, cancellationToken).ConfigureAwait(false);
                }
                finally
                {
                    silo.Continue();
                }

                break;
            case < 18:
                Note($"{silo.Name} is asked to end");
                report.Restarts++;
                await silo.TerminateAsync(cancellationToken).ConfigureAwait(false);
                silo.Start();
                break;
            default:
                await KillAllAsync(cancellationToken).ConfigureAwait(false);
                break;
        }
    }

    private async Task KillAsync(SiloProcess silo)
    {
        Note($"{silo.Name} is killed");
        report.Kills++;
        await silo.KillAsync().ConfigureAwait(false);
    }

    private async Task KillAllAsync(CancellationToken cancellationToken)
    {
        Note("all silos are killed");
        report.KillsOfAll++;
        await Task.WhenAll(cluster.Silos.Select(static s => s.KillAsync())).ConfigureAwait(false);
        await PauseAsync(0, 500, cancellationToken).ConfigureAwait(false);
        foreach (SiloProcess silo in cluster.Silos)
        {
            silo.Start();
        }
    }

    private void StartWhatEnded()
    {
        foreach (SiloProcess silo in cluster.Silos.Where(static s => !s.IsRunning))
        {
            report.EndedThemselves += silo.IsWanted ? 1 : 0;
            Note($"{silo.Name} has ended with code {silo.ExitCode}");
            silo.Start();
        }
    }

    private SiloProcess AnySilo() => cluster.Silos[_data.NextInt(cluster.Silos.Count)];

    private Task PauseAsync(int fromMs, int toMs, CancellationToken cancellationToken) => Task.Delay(fromMs + _data.NextInt(toMs - fromMs), cancellationToken);

    private void Note(string what)
    {
        if (options.Trace)
        {
            output.WriteLine($"{DateTime.UtcNow:HH:mm:ss.fff} {what}");
        }
    }
}
