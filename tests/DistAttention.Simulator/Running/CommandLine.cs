using System.Diagnostics;

namespace DistAttention.Simulator.Running;

/// <summary>The program: runs seeds, or looks for planted bugs, and prints what came of it.</summary>
internal static class CommandLine
{
    public static int Run(string[] arguments)
    {
        Options options;
        try
        {
            options = Options.Parse(arguments);
        }
        catch (FormatException e)
        {
            Console.Error.WriteLine($"simulate: {e.Message}");
            return 2;
        }

        if (options.IsWorker)
        {
            using StreamWriter output = new(Console.OpenStandardOutput());
            return Worker.Run(options, output);
        }

        return (options.Planted ? PlantedSearch.RunAsync(options, Console.Out) : RunAsync(options)).GetAwaiter().GetResult();
    }

    private static async Task<int> RunAsync(Options options)
    {
        long start = Stopwatch.GetTimestamp();
        Outcome outcome = await WorkerProcess.RunAllAsync(options, static (seed, cause) => Console.WriteLine($"seed {seed} FAILED: {cause}")).ConfigureAwait(false);
        outcome.Trace.ForEach(Console.WriteLine);
        Report.Print(outcome, Stopwatch.GetElapsedTime(start), options, Console.Out);
        return outcome.Failures.Count == 0 ? 0 : 1;
    }
}
