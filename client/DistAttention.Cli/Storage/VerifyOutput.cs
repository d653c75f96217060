using System.Text.Json.Nodes;
using DistAttention.Cli.Output;
using DistAttention.Storage.Verifying;

namespace DistAttention.Cli.Storage;

/// <summary>What a check found, for people and for programs.</summary>
internal static class VerifyOutput
{
    private const int MostStrays = 10;

    public static void Write(CliConsole console, VerifyReport report, TimeSpan time)
    {
        string rate = $"{Units.Bytes(report.Bytes / Math.Max(time.TotalSeconds, 1e-3))}/s";
        List<(string, string)> facts =
        [
            ("sequences", $"{report.Sequences:N0} of {Units.Plural(report.Positions, "position")}"),
            ("shards", $"{report.Shards:N0} with {Units.Plural(report.Records, "record")}, {Units.Bytes(report.Bytes)} in {Units.Duration(time)} ({rate})"),
            .. report.Findings.Select(static f => ("damage", Describe(f))),
            .. report.StrayHolds.Take(MostStrays).Select(static s => ("unused", Describe(s))),
        ];
        if (report.StrayHolds.Count > MostStrays)
        {
            facts.Add(("unused", $"and {report.StrayHolds.Count - MostStrays:N0} more"));
        }

        if (report.Reclaimed is { } reclaimed)
        {
            facts.Add(("reclaimed", Units.Plural(reclaimed, "shard")));
        }

        facts.Add(("verdict", report.IsSound ? "sound: everything acknowledged is there as it was written" : $"NOT SOUND: {Units.Plural(report.Findings.Count, "finding")}"));
        Facts.Write(console.Out, facts);
    }

    public static JsonObject ToJson(VerifyReport report) => new()
    {
        ["sound"] = report.IsSound,
        ["sequences"] = report.Sequences,
        ["positions"] = report.Positions,
        ["shards"] = report.Shards,
        ["records"] = report.Records,
        ["bytes"] = report.Bytes,
        ["damage"] = new JsonArray([.. report.Findings.Select(static f => (JsonNode)new JsonObject
        {
            ["place"] = f.Place,
            ["offset"] = f.Offset,
            ["positions"] = f.Positions.IsEmpty ? null : new JsonArray(f.Positions.Start, f.Positions.End),
            ["sequences"] = new JsonArray([.. f.Sequences.Select(static s => JsonValue.Create(s.Value))]),
            ["problem"] = f.Problem,
        })]),
        ["unused"] = new JsonArray([.. report.StrayHolds.Select(static s => (JsonNode)new JsonObject
        {
            ["place"] = s.Place,
            ["holder"] = s.Holder == Guid.Empty ? null : s.Holder.ToString("N"),
            ["since"] = s.Since,
        })]),
        ["reclaimed"] = report.Reclaimed,
    };

    private static string Describe(StorageFinding finding)
    {
        string positions = finding.Positions.IsEmpty ? "" : $", positions {finding.Positions}";
        string sequences = finding.Sequences.Count == 0 ? "" : $" of {string.Join(", ", finding.Sequences)}";
        return $"{finding.Place} at byte {finding.Offset:N0}{positions}{sequences}: {finding.Problem}";
    }

    private static string Describe(StrayHold stray) => stray.Holder == Guid.Empty
        ? $"{stray.Place} is held by nobody"
        : $"{stray.Place} is held, since {stray.Since:u}, by sequence {stray.Holder:N}, which there is not";
}
