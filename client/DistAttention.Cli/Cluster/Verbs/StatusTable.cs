using System.Globalization;
using System.Text.Json.Nodes;
using DistAttention.Cli.Output;
using Spectre.Console;

namespace DistAttention.Cli.Cluster.Verbs;

/// <summary>The status for people and for programs.</summary>
internal static class StatusTable
{
    public static void Write(IAnsiConsole to, IReadOnlyList<SiloLine> lines)
    {
        Table table = new Table().Border(TableBorder.None);
        foreach (string title in (string[])["silo", "process", "state", "gateway"])
        {
            table.AddColumn(new TableColumn(title).NoWrap().PadLeft(0));
        }

        foreach (string title in (string[])["shards", "positions", "resident", "budget"])
        {
            table.AddColumn(new TableColumn(title).NoWrap().PadLeft(0).RightAligned());
        }

        foreach (SiloLine line in lines)
        {
            table.AddRow([.. Cells(line).Select(static cell => new Text(cell))]);
        }

        if (lines.Count > 1)
        {
            table.AddRow([.. Totals(lines).Select(static cell => new Text(cell))]);
        }

        to.Write(table);
    }

    public static JsonObject ToJson(IReadOnlyList<SiloLine> lines) => new()
    {
        ["silos"] = new JsonArray([.. lines.Select(static line => (JsonNode)new JsonObject
        {
            ["name"] = line.Name,
            ["process"] = line.ProcessId,
            ["state"] = line.State,
            ["gateway"] = line.Gateway,
            ["address"] = line.Holds?.Silo,
            ["shards"] = line.Holds?.Shards,
            ["positions"] = line.Holds?.Positions,
            ["residentBytes"] = line.Holds?.ResidentBytes,
            ["budgetBytes"] = line.Holds?.BudgetBytes,
            ["computeThreads"] = line.Holds?.ComputeThreads,
            ["queuedJobs"] = line.Holds?.QueuedJobs,
            ["sequences"] = line.Holds?.Sequences,
            ["bytesMoved"] = line.Holds?.BytesMoved,
        })]),
    };

    private static IEnumerable<string> Cells(SiloLine line) =>
    [
        line.Name,
        line.ProcessId.ToString(CultureInfo.InvariantCulture),
        line.State,
        line.Gateway,
        .. line.Holds is { } holds
            ? new[] { Number(holds.Shards), Number(holds.Positions), Units.Bytes(holds.ResidentBytes), Units.Bytes(holds.BudgetBytes) }
            : ["–", "–", "–", "–"],
    ];

    private static IEnumerable<string> Totals(IReadOnlyList<SiloLine> lines) =>
    [
        "all",
        "",
        "",
        "",
        Number(lines.Sum(static l => l.Holds?.Shards ?? 0)),
        Number(lines.Sum(static l => l.Holds?.Positions ?? 0)),
        Units.Bytes(lines.Sum(static l => l.Holds?.ResidentBytes ?? 0)),
        Units.Bytes(lines.Sum(static l => l.Holds?.BudgetBytes ?? 0)),
    ];

    private static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
