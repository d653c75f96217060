using System.Globalization;
using DistAttention.Chaos.Running;
using DistAttention.Contracts;

namespace DistAttention.Chaos.Elasticity;

/// <summary>What came of changing a cluster under load.</summary>
public sealed class ElasticReport
{
    private readonly List<Evenness> _evenness = [];

    /// <summary>What the callers saw.</summary>
    public ChaosReport Calls { get; } = new();

    /// <summary>How even the resident bytes were, after each change.</summary>
    public IReadOnlyList<Evenness> Evenness => _evenness;

    /// <summary>The longest that a silo took to end.</summary>
    public TimeSpan SlowestStop { get; internal set; }

    /// <summary>Silos that did not end in order, and how they did.</summary>
    public IList<string> BadEnds { get; } = [];

    /// <summary>Whether no call failed, and nothing else went wrong.</summary>
    public bool IsClean => Calls.IsClean && Calls.Failures == 0 && BadEnds.Count == 0 && _evenness.TrueForAll(static e => e.WorstShare <= 0.2);

    internal void Measured(string after, IReadOnlyList<SiloReport> silos, TimeSpan took) => _evenness.Add(new Evenness(after, [.. silos.Select(static s => s.ResidentBytes)], took));

    /// <summary>Prints it.</summary>
    /// <param name="output">Where.</param>
    public void Print(TextWriter output)
    {
        ArgumentNullException.ThrowIfNull(output);
        foreach (Evenness even in _evenness)
        {
            output.WriteLine($"{even.After,-22} {even.Took.TotalSeconds,6:N1} s  {string.Join(" + ", even.Bytes.Select(static b => (b / 1048576.0).ToString("N1", CultureInfo.InvariantCulture)))} MiB, {even.WorstShare:P0} off even");
        }

        output.WriteLine($"stops                  the slowest {SlowestStop.TotalSeconds:N1} s{(BadEnds.Count == 0 ? "" : $"; not in order: {string.Join(", ", BadEnds)}")}");
        Calls.Print(output);
        foreach (string said in Calls.Said)
        {
            output.WriteLine($"  {said}");
        }
    }
}

/// <summary>How even the silos' resident bytes were.</summary>
/// <param name="After">What had happened.</param>
/// <param name="Bytes">Of each silo.</param>
/// <param name="Took">How long it took to be as even as that.</param>
public sealed record Evenness(string After, IReadOnlyList<long> Bytes, TimeSpan Took)
{
    /// <summary>How far the silo farthest from the mean is from it, as a part of the mean.</summary>
    public double WorstShare => Bytes.Count == 0 || Bytes.Sum() == 0 ? 0 : Bytes.Max(b => Math.Abs(b - Bytes.Average())) / Bytes.Average();
}
