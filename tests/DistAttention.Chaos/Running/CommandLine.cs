using System.Runtime.InteropServices;
using DistAttention.Chaos.Elasticity;

namespace DistAttention.Chaos.Running;

/// <summary>The program: runs, prints, and returns 0 only if nothing was lost and nothing wrong.</summary>
internal static class CommandLine
{
    private const int Interrupted = 130;

    public static async Task<int> RunAsync(string[] arguments)
    {
        ElasticOptions? elastic;
        ChaosOptions options;
        try
        {
            elastic = ElasticOptions.TryParse(arguments);
            options = elastic?.Cluster ?? ChaosOptions.Parse(arguments);
        }
        catch (FormatException e)
        {
            await Console.Error.WriteLineAsync($"chaos: {e.Message}").ConfigureAwait(false);
            return 2;
        }

        using CancellationTokenSource stop = new();
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
        using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
        try
        {
            if (elastic is not null)
            {
                ElasticReport changed = await ElasticRun.RunAsync(elastic, Console.Out, stop.Token).ConfigureAwait(false);
                changed.Print(Console.Out);
                return changed.IsClean ? 0 : 1;
            }

            ChaosReport report = await ChaosRun.RunAsync(options, Console.Out, stop.Token).ConfigureAwait(false);
            report.Print(Console.Out);
            return report.IsClean ? 0 : 1;
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
