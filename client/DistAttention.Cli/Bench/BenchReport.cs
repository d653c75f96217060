using System.Text.Json.Nodes;
using DistAttention.Cli.Output;

namespace DistAttention.Cli.Bench;

/// <summary>What a benchmark prints: every benchmark of the program prints this.</summary>
/// <param name="Machine">What it ran on; see <see cref="BenchMachine"/>.</param>
/// <param name="Rows">What was measured.</param>
/// <param name="Notes">What a reader has to know; goes to stderr.</param>
internal sealed record BenchReport(JsonObject Machine, IReadOnlyList<BenchRow> Rows, IReadOnlyList<string> Notes)
{
    /// <summary>Prints it: a table for people, or JSON.</summary>
    public void Write(CliConsole console, bool json)
    {
        if (json)
        {
            console.WriteJson(ToJson());
        }
        else
        {
            WriteTable(console);
        }

        foreach (string note in Notes)
        {
            console.Note(note);
        }
    }

    public JsonObject ToJson() => new()
    {
        ["machine"] = Machine.DeepClone(),
        ["rows"] = new JsonArray([.. Rows.SelectMany(static row => row.Also.Prepend(row)).Select(static row => row.ToJson())]),
    };

    private void WriteTable(CliConsole console)
    {
        foreach ((string name, JsonNode? value) in Machine)
        {
            console.WriteLine($"{name}: {value}");
        }

        string[][] lines = [["", "what", "measured", "target", "stretch", "also"], .. Rows.Select(Cells)];
        int[] widths = [.. Enumerable.Range(0, lines[0].Length).Select(column => lines.Max(line => line[column].Length))];
        console.WriteLine("");
        foreach (string[] line in lines)
        {
            console.WriteLine(string.Join("  ", line.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd());
        }

        console.WriteLine("");
        BenchRow[] held = [.. Rows.SelectMany(static row => row.Also.Prepend(row)).Where(static row => row.Target is not null)];
        console.WriteLine($"{held.Count(static row => row.Ok)} of {Units.Plural(held.Length, "target")} reached");
    }

    private static string[] Cells(BenchRow row) =>
    [
        row.Target is null ? "" : row.Ok ? "ok" : "MISS",
        row.Name,
        row.Measured,
        row.Target?.ToString() ?? "",
        row.Stretch?.ToString() ?? "",
        string.Join(", ", row.Also.Select(static also => also.Measured + (also.Ok ? "" : $" (MISS {also.Target})"))),
    ];
}
