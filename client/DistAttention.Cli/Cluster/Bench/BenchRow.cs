using System.Globalization;
using System.Text.Json.Nodes;

namespace DistAttention.Cli.Cluster.Bench;

/// <summary>One figure of a benchmark, and what it should be.</summary>
/// <param name="Name">What was measured.</param>
/// <param name="Value">What came out.</param>
/// <param name="Unit">Its unit; "×" for a ratio.</param>
/// <param name="Target">What it must be; null for a figure that is only told.</param>
internal sealed record BenchRow(string Name, double Value, string Unit, Bound? Target = null)
{
    public bool Ok => Target is null || Target.Holds(Value);

    public JsonObject ToJson() => new()
    {
        ["name"] = Name,
        ["value"] = Math.Round(Value, 4),
        ["unit"] = Unit,
        ["target"] = Target?.ToString(),
        ["stretch"] = null,
        ["ok"] = Ok,
    };
}

/// <summary>At most, or at least, a value.</summary>
internal sealed record Bound(bool IsUpper, double Value)
{
    public static Bound AtMost(double value) => new(true, value);

    public static Bound AtLeast(double value) => new(false, value);

    public bool Holds(double value) => IsUpper ? value <= Value : value >= Value;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{(IsUpper ? '≤' : '≥')} {Value:0.00##}");
}
