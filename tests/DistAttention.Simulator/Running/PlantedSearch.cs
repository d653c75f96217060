using System.Globalization;
using DistAttention.Simulator.Planting;

namespace DistAttention.Simulator.Running;

/// <summary>Plants each bug and runs seeds until one finds it.</summary>
public static class PlantedSearch
{
    /// <summary>Looks for every bug, several at a time.</summary>
    /// <param name="options">How many seeds each may take.</param>
    /// <param name="output">Told what found it.</param>
    /// <returns>0 if all were found.</returns>
    public static async Task<int> RunAsync(Options options, TextWriter output)
    {
        int found = 0;
        ParallelOptions parallel = new() { MaxDegreeOfParallelism = options.Workers };
        await Parallel.ForEachAsync(Bugs.Names, parallel, async (name, _) =>
        {
            Outcome outcome = await WorkerProcess.RunAsync(options with { Bug = name, MostFailures = 1, Trace = false }).ConfigureAwait(false);
            if (outcome.Failures is [var (seed, cause)])
            {
                Interlocked.Increment(ref found);
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-28} caught by seed {seed,-6} {Short(cause)}"));
            }
            else
            {
                output.WriteLine($"{name,-28} NOT CAUGHT in {outcome.Seeds} seeds");
            }
        }).ConfigureAwait(false);
        output.WriteLine($"planted bugs caught: {found}/{Bugs.Names.Count}");
        return found == Bugs.Names.Count ? 0 : 1;
    }

    private static string Short(string cause) => cause.Length <= 120 ? cause : cause[..120] + "…";
}
