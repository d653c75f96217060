using DistAttention.Cli.Arguments;
using DistAttention.Cli.Output;
using DistAttention.Http;
using Spectre.Console;

namespace DistAttention.Cli.Explain;

/// <summary>A plan as a tree for people: owners, and under each its shards with what they compute and skip.</summary>
internal static class PlanTree
{
    private const int ShardsAtEachEnd = 6;

    public static void Write(IAnsiConsole to, PlanView view, bool all)
    {
        AttentionPlan plan = view.Plan;
        SequenceSpec spec = view.Spec;
        to.WriteLine($"{Units.Plural(plan.Queries.Length, "row")} at positions {Range(plan.Queries)} attend to {Units.Plural(plan.Snapshot.Length, "position")}, {plan.Mask}");
        to.WriteLine($"{Heads(spec)}, {KvTypes.Name(spec.KvType)}");
        to.WriteLine($"{Units.Plural(view.Tiles, "query tile")} of up to {Units.Plural(plan.TileRows, "row")}, shards of up to {Units.Plural(spec.ShardLength, "position")}");
        to.WriteLine();
        foreach (OwnerView owner in view.Owners)
        {
            Tree tree = new($"owner [bold]{Markup.Escape(owner.Owner)}[/]: {Units.Plural(owner.Shards.Count, "shard")}") { Guide = TreeGuide.Line };
            if (owner.Cost is { } cost)
            {
                tree.AddNode(CostLine(cost));
            }

            tree.AddNode(ShardTable(owner.Shards, all));
            foreach (string reason in owner.Shards.SelectMany(static s => s.SkipReasons).Distinct())
            {
                tree.AddNode($"skipped blocks are [italic]{Markup.Escape(reason)}[/]");
            }

            to.Write(tree);
        }

        to.WriteLine();
        WriteTotals(to, view);
        to.WriteLine();
        WriteSteps(to, view);
    }

    private static string CostLine(OwnerCost cost)
    {
        string travelling = cost.QueryBytes + cost.AnswerBytes == 0
            ? "nothing travels"
            : $"{Units.Bytes(cost.QueryBytes)} of queries{(cost.MaskBytes == 0 ? "" : $" and {Units.Bytes(cost.MaskBytes)} of mask")} go there, {Units.Bytes(cost.AnswerBytes)} come back";
        return $"{Units.Plural(cost.Tiles, "tile")}, about {Units.Duration(cost.ComputeTime)} of kernels; {travelling}";
    }

    private static void WriteSteps(IAnsiConsole to, PlanView view)
    {
        bool measured = view.Analysis is not null;
        Table table = new Table().Border(TableBorder.None);
        foreach (string title in (string[])["step", "predicted", "bytes", .. measured ? (string[])["measured", "bytes"] : []])
        {
            table.AddColumn(new TableColumn($"[bold]{title}[/]") { Alignment = title == "step" ? Justify.Left : Justify.Right, NoWrap = true, Padding = new Padding(0, 0, 2, 0) });
        }

        foreach (PlanStep step in view.Plan.Steps)
        {
            string[] cells = [Name(step.Kind), Units.Duration(step.PredictedTime), Units.Bytes(step.PredictedBytes)];
            table.AddRow(step.Actual is { } actual ? [.. cells, Units.Duration(actual.Time), Units.Bytes(actual.Bytes)] : cells);
        }

        to.Write(table);
        if (view.Analysis is { } analysis)
        {
            to.WriteLine();
            Facts.Write(
                to,
                ("ran", $"{Units.Duration(analysis.Elapsed)} from start to end; steps of tiles that run side by side add up to more"),
                ("merges", $"{analysis.Summary.Merges:N0} of {Units.Plural(analysis.Summary.Partials, "partial")}"),
                ("retries", $"{analysis.Summary.Retries:N0}"));
        }
    }

    private static string Name(PlanStepKind kind) => kind switch
    {
        PlanStepKind.Plan => "plan",
        PlanStepKind.Ask => "ask owners, compute",
        PlanStepKind.Merge => "merge partials",
        _ => "make o and lse",
    };

    private static Table ShardTable(IReadOnlyList<ShardView> shards, bool all)
    {
        Table table = new Table().Border(TableBorder.None);
        foreach (string title in (string[])["shard", "from", "tiles", "full", "masked", "skipped", "K/V read", "work"])
        {
            table.AddColumn(new TableColumn($"[bold]{title}[/]") { Alignment = Justify.Right, NoWrap = true, Padding = new Padding(0, 0, 2, 0) });
        }

        int hidden = all ? 0 : shards.Count - (2 * ShardsAtEachEnd);
        for (int i = 0; i < shards.Count; i++)
        {
            if (hidden > 1 && i == ShardsAtEachEnd)
            {
                table.AddRow("…", $"{hidden:N0} more", "", "", "", "", "", "");
                i += hidden - 1;
            }
            else
            {
                AddShard(table, shards[i]);
            }
        }

        return table;
    }

    private static void AddShard(Table table, ShardView shard) => table.AddRow(
        $"{shard.Shard}",
        $"{shard.Positions.Start:N0}",
        $"{shard.TilesVisiting:N0}",
        $"{shard.BlocksFull:N0}",
        $"{shard.BlocksMasked:N0}",
        $"{shard.BlocksSkipped:N0}",
        Units.Bytes(shard.KvBytes),
        Units.Flops(shard.Flops));

    private static void WriteTotals(IAnsiConsole to, PlanView view)
    {
        AttentionPlan plan = view.Plan;
        double visible = view.AllPairs == 0 ? 1 : plan.UnmaskedPairs.Estimate / (double)view.AllPairs;
        Facts.Write(
            to,
            ("blocks", $"{plan.BlocksVisited:N0} computed, {plan.BlocksSkipped:N0} skipped"),
            ("pairs", $"{plan.UnmaskedPairs} of {view.AllPairs:N0} visible ({(plan.UnmaskedPairs.IsExact ? "" : "about ")}{visible:P1})"),
            ("K/V read", $"{Units.Bytes(plan.KvBytes)}, counted once per query tile"),
            ("work", $"{Units.Flops(plan.Flops)} over the visible pairs"));
    }

    private static string Heads(SequenceSpec spec)
    {
        string heads = spec.NumHeadsQ == spec.NumHeadsKv
            ? Units.Plural(spec.NumHeadsQ, "head")
            : $"{Units.Plural(spec.NumHeadsQ, "query head")} on {Units.Plural(spec.NumHeadsKv, "key/value head")}";
        return $"{heads} of {spec.HeadDim}{(spec.HeadDimV == spec.HeadDim ? "" : $" (values {spec.HeadDimV})")}";
    }

    private static string Range(PositionRange range) => $"[{range.Start:N0}, {range.End:N0})";
}
