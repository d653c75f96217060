using System.Globalization;
using System.Text.Json.Nodes;

namespace DistAttention.Http;

/// <summary>A plan as JSON for programs.</summary>
public static class PlanJson
{
    /// <summary>The document.</summary>
    /// <param name="view">The plan.</param>
    /// <param name="withVisits">Whether every visit of a query tile to a shard is in it.</param>
    public static JsonObject Of(PlanView view, bool withVisits)
    {
        ArgumentNullException.ThrowIfNull(view);
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
            ["unmaskedPairs"] = Pairs(plan.UnmaskedPairs),
            ["unmaskedPairsAreExact"] = plan.UnmaskedPairs.IsExact,
            ["kvBytes"] = plan.KvBytes,
            ["flops"] = plan.Flops,
            ["predictedSeconds"] = plan.PredictedTime.TotalSeconds,
            ["owners"] = Array(view.Owners, static owner => new JsonObject
            {
                ["owner"] = owner.Owner,
                ["cost"] = owner.Cost is { } cost ? Cost(cost) : null,
                ["shards"] = Array(owner.Shards, Shard),
            }),
            ["steps"] = Array(plan.Steps, Step),
        };
        if (view.Analysis is { } analysis)
        {
            document["analysis"] = new JsonObject
            {
                ["seconds"] = analysis.Elapsed.TotalSeconds,
                ["blocksComputed"] = analysis.Summary.BlocksComputed,
                ["blocksSkipped"] = analysis.Summary.BlocksSkipped,
                ["partials"] = analysis.Summary.Partials,
                ["merges"] = analysis.Summary.Merges,
                ["retries"] = analysis.Summary.Retries,
            };
        }

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
        ["unmaskedPairs"] = Pairs(shard.UnmaskedPairs),
        ["kvBytes"] = shard.KvBytes,
        ["flops"] = shard.Flops,
    };

    private static JsonObject Cost(OwnerCost cost) => new()
    {
        ["tiles"] = cost.Tiles,
        ["queryBytes"] = cost.QueryBytes,
        ["maskBytes"] = cost.MaskBytes,
        ["answerBytes"] = cost.AnswerBytes,
        ["kvBytes"] = cost.KvBytes,
        ["flops"] = cost.Flops,
        ["computeSeconds"] = cost.ComputeTime.TotalSeconds,
    };

    private static JsonObject Step(PlanStep step) => new()
    {
        ["step"] = step.Kind.ToString().ToLowerInvariant(),
        ["predictedSeconds"] = step.PredictedTime.TotalSeconds,
        ["predictedBytes"] = step.PredictedBytes,
        ["seconds"] = step.Actual?.Time.TotalSeconds,
        ["bytes"] = step.Actual?.Bytes,
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
        ["unmaskedPairs"] = Pairs(visit.UnmaskedPairs),
        ["kvBytes"] = visit.KvBytes,
        ["flops"] = visit.Flops,
    };

    private static JsonArray Range(PositionRange range) => [range.Start, range.End];

    private static JsonArray Array<T>(IEnumerable<T> items, Func<T, JsonNode?> of) => [.. items.Select(of)];

    /// <summary>A number, or [least, most] where it is only known to lie between.</summary>
    private static JsonNode? Pairs(PairCount count) => count.IsExact ? Exact(count.Lower) : new JsonArray(Exact(count.Lower), Exact(count.Upper));

    /// <summary>A number with all its digits, even beyond 64 bits.</summary>
    private static JsonNode? Exact(Int128 value) => JsonNode.Parse(value.ToString(CultureInfo.InvariantCulture));
}
