using System.Globalization;
using System.Text.Json.Nodes;
using DistAttention.Cli.Arguments;

namespace DistAttention.Cli.Explain;

/// <summary>A plan as JSON for programs.</summary>
internal static class PlanJson
{
    public static JsonObject Of(PlanView view, bool withVisits)
    {
        AttentionPlan plan = view.Plan;
        JsonObject document = new()
        {
            ["rows"] = plan.Queries.Length,
            ["firstQueryPosition"] = plan.Queries.Start,
            ["positions"] = plan.Snapshot.Length,
            ["mask"] = plan.Mask,
            ["numHeadsQ"] = view.Spec.NumHeadsQ,
            ["numHeadsKv"] = view.Spec.NumHeadsKv,
            ["headDim"] = view.Spec.HeadDim,
            ["headDimV"] = view.Spec.HeadDimV,
            ["kvType"] = KvTypes.Name(view.Spec.KvType),
            ["shardLength"] = view.Spec.ShardLength,
            ["tileRows"] = plan.TileRows,
            ["tiles"] = view.Tiles,
            ["blocksVisited"] = plan.BlocksVisited,
            ["blocksSkipped"] = plan.BlocksSkipped,
            ["unmaskedPairs"] = Exact(plan.UnmaskedPairs),
            ["kvBytes"] = plan.KvBytes,
            ["flops"] = plan.Flops,
            ["owners"] = Array(view.Owners, static owner => new JsonObject
            {
                ["owner"] = owner.Owner,
                ["shards"] = Array(owner.Shards, Shard),
            }),
        };
        if (withVisits)
        {
            document["visits"] = Array(plan.Visits, Visit);
        }

        return document;
    }

    private static JsonObject Shard(ShardView shard) => new()
    {
        ["shard"] = shard.Shard,
        ["positions"] = Range(shard.Positions),
        ["tilesVisiting"] = shard.TilesVisiting,
        ["tilesSkipping"] = shard.TilesSkipping,
        ["blocksFull"] = shard.BlocksFull,
        ["blocksMasked"] = shard.BlocksMasked,
        ["blocksSkipped"] = shard.BlocksSkipped,
        ["skipReasons"] = Array(shard.SkipReasons, static reason => JsonValue.Create(reason)),
        ["unmaskedPairs"] = Exact(shard.UnmaskedPairs),
        ["kvBytes"] = shard.KvBytes,
        ["flops"] = shard.Flops,
    };

    private static JsonObject Visit(ShardVisit visit) => new()
    {
        ["owner"] = visit.Owner,
        ["shard"] = visit.Shard,
        ["queries"] = Range(visit.Queries),
        ["positions"] = Range(visit.Positions),
        ["coverage"] = visit.Coverage.ToString().ToLowerInvariant(),
        ["blocksFull"] = visit.BlocksFull,
        ["blocksMasked"] = visit.BlocksMasked,
        ["blocksSkipped"] = visit.BlocksSkipped,
        ["skipReason"] = visit.SkipReason,
        ["unmaskedPairs"] = Exact(visit.UnmaskedPairs),
        ["kvBytes"] = visit.KvBytes,
        ["flops"] = visit.Flops,
    };

    private static JsonArray Range(PositionRange range) => [range.Start, range.End];

    private static JsonArray Array<T>(IEnumerable<T> items, Func<T, JsonNode?> of) => [.. items.Select(of)];

    /// <summary>A number with all its digits, even beyond 64 bits.</summary>
    private static JsonNode? Exact(Int128 value) => JsonNode.Parse(value.ToString(CultureInfo.InvariantCulture));
}
