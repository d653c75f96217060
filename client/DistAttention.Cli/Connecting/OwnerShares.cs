using System.Globalization;
using System.Text.Json.Nodes;
using DistAttention.Cli.Output;

namespace DistAttention.Cli.Connecting;

/// <summary>Who owned what, for people and for programs.</summary>
internal static class OwnerShares
{
    private const int MostRanges = 4;

    /// <summary>A line per silo: "silo-2", "process 4711: 4,096 positions in 4 shards, 4,096–8,191".</summary>
    public static IEnumerable<(string Label, string Text)> Lines(IReadOnlyList<OwnerShare> shares) => shares.Select(static share => (share.Silo, Describe(share)));

    public static JsonArray ToJson(IReadOnlyList<OwnerShare> shares) =>
    [
        .. shares.Select(static share => (JsonNode)new JsonObject
        {
            ["silo"] = share.Silo,
            ["process"] = share.ProcessId,
            ["shards"] = share.Shards,
            ["positions"] = share.Positions,
            ["ranges"] = new JsonArray([.. share.Ranges.Select(static r => (JsonNode)new JsonArray(r.Start, r.End))]),
        }),
    ];

    private static string Describe(OwnerShare share)
    {
        string owned = $"process {share.ProcessId}: {Units.Plural(share.Positions, "position")} in {Units.Plural(share.Shards, "shard")}";
        IEnumerable<string> ranges = share.Ranges.Take(MostRanges).Select(static r => string.Create(CultureInfo.InvariantCulture, $"{r.Start:N0}–{r.End - 1:N0}"));
        string more = share.Ranges.Count > MostRanges ? $" and {share.Ranges.Count - MostRanges} more" : "";
        return share.Ranges.Count == 0 ? owned : $"{owned}, {string.Join(" and ", ranges)}{more}";
    }
}
