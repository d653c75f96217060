using System.Globalization;

namespace DistAttention.Chaos.Hosts;

/// <summary>What a fault did to callers.</summary>
/// <param name="Fault">The fault.</param>
/// <param name="Time">How long it lasted.</param>
/// <param name="DoneMeanwhile">Calls done while it lasted.</param>
/// <param name="LongestWait">The longest call that ended while it lasted or in the end of it.</param>
/// <param name="Back">From the end of the fault until every caller had had a new call done; null if that did not come.</param>
/// <param name="Whole">From the end of the fault until all silos were members; null if that did not come.</param>
/// <param name="Restarts">Silos that ended by themselves, and were started again.</param>
public sealed record HostOutcome(string Fault, TimeSpan Time, int DoneMeanwhile, TimeSpan LongestWait, TimeSpan? Back, TimeSpan? Whole, int Restarts)
{
    /// <summary>Service must be back this soon.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <inheritdoc/>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Fault} for {Time.TotalSeconds:0.#} s: {DoneMeanwhile} calls done meanwhile, the longest took {LongestWait.TotalSeconds:0.0} s; service back {Text(Back)} after, all silos {Text(Whole)} after; {Restarts} restarts");

    private static string Text(TimeSpan? time) => time is { } some ? string.Create(CultureInfo.InvariantCulture, $"{some.TotalSeconds:0.0} s") : "never";
}

/// <summary>What happened to callers on hosts under faults of their links.</summary>
/// <param name="Outcomes">Fault by fault.</param>
/// <param name="Done">Calls done, every answer compared with one process.</param>
/// <param name="Errors">Typed errors, after each of which the call was made again, by type.</param>
/// <param name="Violations">What may not be: other bits, lost rows, errors that are not of this library.</param>
/// <param name="IsChecked">Whether everything at rest was looked at.</param>
public sealed record HostReport(IReadOnlyList<HostOutcome> Outcomes, int Done, IReadOnlyDictionary<string, int> Errors, IReadOnlyList<string> Violations, bool IsChecked)
{
    /// <summary>Whether nothing was wrong and service came back in time after everything.</summary>
    public bool IsClean => Violations.Count == 0 && IsChecked && Done > 0 && Outcomes.All(static o => o.Back <= HostOutcome.Limit && o.Whole is not null);

    /// <summary>Prints it.</summary>
    /// <param name="output">Where.</param>
    public void Print(TextWriter output)
    {
        ArgumentNullException.ThrowIfNull(output);
        output.WriteLine($"{Done:N0} calls done, every answer compared with one process; errors that were tried again: {(Errors.Count == 0 ? "none" : string.Join(", ", Errors.Select(static e => $"{e.Value} {e.Key}")))}");
        output.WriteLine($"wrong or lost = {Violations.Count}{(IsChecked ? "" : "; NOT looked at in the end")}");
        foreach (string violation in Violations)
        {
            output.WriteLine($"  {violation}");
        }
    }
}
