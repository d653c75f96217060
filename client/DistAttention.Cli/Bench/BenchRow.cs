using System.Globalization;
using System.Text.Json.Nodes;

namespace DistAttention.Cli.Bench;

/// <summary>One measurement and what it is held to.</summary>
/// <param name="Name">What was measured; unique in its report.</param>
/// <param name="Value">The median as measured.</param>
/// <param name="Unit">What the value counts.</param>
/// <param name="Target">What it has to reach; null where it is only reported.</param>
/// <param name="Stretch">What would be better still; null for none.</param>
internal sealed record BenchRow(string Name, double Value, string Unit, Goal? Target = null, Goal? Stretch = null)
{
    /// <summary>Other measurements of the same runs: rates, errors. Printed on the row's line; rows of their own in JSON.</summary>
    public IReadOnlyList<BenchRow> Also { get; init; } = [];

    /// <summary>Whether the target is reached; true where there is none.</summary>
    public bool Ok => Target?.IsMetBy(Value) ?? true;

    /// <summary>"0.853 of FMA peak".</summary>
    public string Measured => $"{Number(Value)} {Unit}";

    public JsonObject ToJson() => new()
    {
        ["name"] = Name,
        ["value"] = double.IsFinite(Value) ? Value : null, // JSON has no other numbers
        ["unit"] = Unit,
        ["target"] = Target?.ToString(),
        ["stretch"] = Stretch?.ToString(),
        ["ok"] = Ok,
    };

    private static string Number(double value) => value.ToString(
        Math.Abs(value) switch
        {
            >= 100 => "#,0",
            >= 10 => "0.0",
            >= 0.001 => "0.000",
            0 => "0",
            _ => "0.0e-0",
        },
        CultureInfo.InvariantCulture);
}
