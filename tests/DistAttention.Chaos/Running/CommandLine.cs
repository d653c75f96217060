using System.Runtime.InteropServices;
using DistAttention.Chaos.Elasticity;
using DistAttention.Chaos.Hosts;

namespace DistAttention.Chaos.Running;

/// <summary>The program: runs, prints, and returns 0 only if nothing was lost and nothing wrong.</summary>
internal static class CommandLine
{
    private const int Interrupted = 130;

    public static async Task<int> RunAsync(string[] arguments)
    {
        try
        {
            switch (arguments)
            {
                case [CommandVerbs.HostLoad, .. string[] gateways]:
                    await HostLoad.RunAsync(gateways, Console.In, Console.Out).ConfigureAwait(false);
                    return 0;
                case [CommandVerbs.Hosts, .. string[] hosts]:
                    HostOptions hostOptions = HostOptions.Parse(hosts);
                    return await UntilStoppedAsync(token => CutLinksAsync(hostOptions, token)).ConfigureAwait(false);
                case var _ when ElasticOptions.TryParse(arguments) is { } elastic:
                    return await UntilStoppedAsync(token => ChangeSilosAsync(elastic, token)).ConfigureAwait(false);
                default:
                    ChaosOptions options = ChaosOptions.Parse(arguments);
                    return await UntilStoppedAsync(token => KillSilosAsync(options, token)).ConfigureAwait(false);
            }
        }
        catch (FormatException e)
        {
            await Console.Error.WriteLineAsync($"chaos: {e.Message}").ConfigureAwait(false);
            return 2;
        }
    }

    private static async Task<bool> KillSilosAsync(ChaosOptions options, CancellationToken cancellationToken)
    {
        ChaosReport report = await ChaosRun.RunAsync(options, Console.Out, cancellationToken).ConfigureAwait(false);
        report.Print(Console.Out);
        return report.IsClean;
    }

    private static async Task<bool> ChangeSilosAsync(ElasticOptions options, CancellationToken cancellationToken)
    {
        ElasticReport report = await ElasticRun.RunAsync(options, Console.Out, cancellationToken).ConfigureAwait(false);
        report.Print(Console.Out);
        return report.IsClean;
    }

    private static async Task<bool> CutLinksAsync(HostOptions options, CancellationToken cancellationToken)
    {
        if (await HostRun.WhyNotAsync().ConfigureAwait(false) is { } reason)
        {
            await Console.Error.WriteLineAsync($"chaos: {reason}").ConfigureAwait(false);
            return false;
        }

        HostReport report = await HostRun.RunAsync(options, Console.Out, cancellationToken).ConfigureAwait(false);
        report.Print(Console.Out);
        return report.IsClean;
    }

    private static async Task<int> UntilStoppedAsync(Func<CancellationToken, Task<bool>> run)
    {
        using CancellationTokenSource stop = new();
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
        using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
        try
        {
            return await run(stop.Token).ConfigureAwait(false) ? 0 : 1;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return Interrupted;
        }

        void End(PosixSignalContext context)
        {
            context.Cancel = true; // the silos end first
            stop.Cancel();
        }
    }
}
