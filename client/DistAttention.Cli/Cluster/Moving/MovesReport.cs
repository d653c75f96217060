using System.Globalization;
using System.Text.Json.Nodes;
using DistAttention.Cli.Output;
using DistAttention.Contracts;
using Spectre.Console;

namespace DistAttention.Cli.Cluster.Moving;

/// <summary>What was moved, or would be, for people and for programs.</summary>
internal static class MovesReport
{
    public static void Write(CliConsole console, RebalanceView view, bool dryRun)
    {
        if (view.Planned > 0)
        {
            console.Out.Write(TableOfMoves(view));
        }

        if (view.Before.Count > 0)
        {
            console.Out.Write(TableOfSilos(view));
        }

        string what = $"{Units.Plural(dryRun ? view.Planned : view.Done, "shard")}, {Units.Bytes(dryRun ? view.PlannedBytes : view.DoneBytes)} in memory";
        console.Note(dryRun ? $"{what} would be moved" : $"{what} moved{(view.Left > 0 ? $"; {Units.Plural(view.Left, "shard")} stayed" : "")}");
    }

    public static JsonObject ToJson(RebalanceView view, bool dryRun) => new()
    {
        ["dryRun"] = dryRun,
        ["planned"] = view.Planned,
        ["plannedBytes"] = view.PlannedBytes,
        ["moved"] = view.Done,
        ["movedBytes"] = view.DoneBytes,
        ["stayed"] = view.Left,
        ["problem"] = view.Problem,
        ["silos"] = new JsonArray([.. view.Before.OrderBy(static s => s.Key, StringComparer.Ordinal).Select(silo => (JsonNode)new JsonObject
        {
            ["name"] = silo.Key,
            ["residentBytes"] = silo.Value,
            ["plannedBytes"] = view.After.GetValueOrDefault(silo.Key),
        })]),
        ["moves"] = new JsonArray([.. view.Moves.Select(static move => (JsonNode)new JsonObject
        {
            ["sequence"] = move.Sequence,
            ["shard"] = move.Index,
            ["from"] = move.From,
            ["to"] = move.To,
            ["bytes"] = move.Bytes,
            ["idle"] = move.IsIdle,
        })]),
    };

    private static Table TableOfMoves(RebalanceView view)
    {
        Table table = NewTable(["sequence", "shards", "from", "to"], ["bytes"]);
        foreach (MoveView[] stretch in Stretches(view.Moves))
        {
            string shards = stretch.Length == 1 ? Number(stretch[0].Index) : $"{Number(stretch[0].Index)} to {Number(stretch[^1].Index)}";
            string bytes = Units.Bytes(stretch.Sum(static m => m.Bytes)) + (stretch[0].IsIdle ? ", idle" : "");
            table.AddRow(new Text(stretch[0].Sequence), new Text(shards), new Text(stretch[0].From), new Text(stretch[0].To), new Text(bytes));
        }

        return table;
    }

    private static Table TableOfSilos(RebalanceView view)
    {
        Table table = NewTable(["silo"], ["resident", "planned"]);
        foreach ((string silo, long before) in view.Before.OrderBy(static s => s.Key, StringComparer.Ordinal))
        {
            table.AddRow(new Text(silo), new Text(Units.Bytes(before)), new Text(Units.Bytes(view.After.GetValueOrDefault(silo))));
        }

        return table;
    }

    private static Table NewTable(string[] left, string[] right)
    {
        Table table = new Table().Border(TableBorder.None);
        foreach (string title in left)
        {
            table.AddColumn(new TableColumn(title).NoWrap().PadLeft(0));
        }

        foreach (string title in right)
        {
            table.AddColumn(new TableColumn(title).NoWrap().PadLeft(0).RightAligned());
        }

        return table;
    }

    /// <summary>Neighbours that go the same way.</summary>
    private static IEnumerable<MoveView[]> Stretches(IReadOnlyList<MoveView> moves)
    {
        for (int start = 0, end; start < moves.Count; start = end)
        {
            end = start + 1;
            while (end < moves.Count && moves[end] == moves[end - 1] with { Index = moves[end - 1].Index + 1, Bytes = moves[end].Bytes })
            {
                end++;
            }

            yield return [.. moves.Skip(start).Take(end - start)];
        }
    }

    private static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
