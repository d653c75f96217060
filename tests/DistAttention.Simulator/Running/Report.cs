using System.Globalization;

namespace DistAttention.Simulator.Running;

/// <summary>Prints what many seeds did.</summary>
internal static class Report
{
    public static void Print(Outcome outcome, TimeSpan took, Options options, TextWriter output)
    {
        CultureInfo culture = CultureInfo.InvariantCulture;
        foreach (KeyValuePair<string, long> count in outcome.Counters.All)
        {
            output.WriteLine(string.Create(culture, $"{count.Value,14:n0}  {count.Key}"));
        }

        output.WriteLine(string.Create(
            culture,
            $"{outcome.Seeds:n0} seeds in {took.TotalSeconds:f1} s ({outcome.Seeds / took.TotalSeconds:f0} per second with {options.Workers} processes; {outcome.ProcessorTime.TotalMilliseconds / Math.Max(1, outcome.Seeds):f2} ms of processor time each), {outcome.Failures.Count} failed"));
        foreach ((ulong seed, _) in outcome.Failures.Take(3))
        {
            output.WriteLine(string.Create(culture, $"replay: {Replay(seed, options.Bug)}"));
        }
    }

    /// <summary>The command that runs one seed again.</summary>
    public static string Replay(ulong seed, string? bug) =>
        string.Create(CultureInfo.InvariantCulture, $"./build.sh simulate --seed {seed} --trace{(bug is null ? "" : $" --bug {bug}")}");
}
