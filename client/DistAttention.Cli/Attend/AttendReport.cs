using System.Globalization;
using System.Text.Json.Nodes;
using DistAttention.Cli.Arguments;
using DistAttention.Cli.Checking;
using DistAttention.Cli.Connecting;
using DistAttention.Cli.Output;

namespace DistAttention.Cli.Attend;

/// <summary>What the verb did: a few lines for people, JSON for programs.</summary>
internal sealed record AttendReport(
    TensorInputs Inputs,
    AttendOutputs Outputs,
    AttendTotals Totals,
    TimeSpan Appending,
    TimeSpan All,
    string ODigest,
    string? LseDigest,
    string Workers,
    IReadOnlyList<OwnerShare> Owners)
{
    /// <summary>Rows computed again.</summary>
    public int CheckedRows { get; init; }

    /// <summary>How far they are off; null: none were.</summary>
    public RowErrors? Errors { get; init; }

    public void WriteNotes(CliConsole console)
    {
        SequenceSpec spec = Inputs.Spec;
        string heads = Units.Plural(spec.NumHeadsQ, "head") + (spec.NumHeadsQ == spec.NumHeadsKv ? "" : $" ({spec.NumHeadsKv} of k and v)");
        double skipped = (double)Totals.BlocksSkipped / Math.Max(1, Totals.BlocksComputed + Totals.BlocksSkipped);
        List<(string, string)> facts =
        [
            ("attended", $"{Units.Plural(Inputs.Q.Rows, "row")} × {heads} over {Units.Plural(Inputs.K.Rows, "position")}, {Inputs.Options.Mask}{Score}, {KvTypes.Name(spec.KvType)}"),
            ("time", $"{Units.Duration(Totals.Attending)} at {Units.Flops(Totals.FlopsPerSecond)}/s on {Workers}; {Units.Duration(All)} with the files"),
            ("blocks", $"{Totals.BlocksComputed:N0} computed, {Totals.BlocksSkipped:N0} skipped ({skipped:P0})"),
            ("o", $"{Outputs.Path} {Units.Shape(Outputs.Shape)}, sha256 {ODigest[..16]}…"),
        ];
        if (Outputs.LsePath is { } lse)
        {
            facts.Add(("lse", $"{lse} {Units.Shape(Outputs.Shape[..^1])}, sha256 {LseDigest![..16]}…"));
        }

        if (Errors is { } errors)
        {
            facts.Add(("check", string.Create(
                CultureInfo.InvariantCulture,
                $"{Units.Plural(CheckedRows, "row")} against float64: o off by {errors.Output:0.0e-0} (plain float32: {errors.PlainOutput:0.0e-0}), lse by {errors.Lse:0.0e-0} ({errors.PlainLse:0.0e-0})")));
        }

        facts.AddRange(OwnerShares.Lines(Owners));
        Facts.Write(console.Notes, facts);
    }

    public JsonObject ToJson() => new()
    {
        ["q"] = Shape(Inputs.Q.Shape),
        ["k"] = Shape(Inputs.K.Shape),
        ["v"] = Inputs.V is { } v ? Shape(v.Shape) : null,
        ["o"] = Shape(Outputs.Shape),
        ["mask"] = Inputs.Options.Mask.ToString(),
        ["score"] = ScoreText.Of(Inputs.Options.Score, Inputs.Spec),
        ["scale"] = Inputs.Options.Score.EffectiveScale(Inputs.Spec.HeadDim),
        ["firstQueryPosition"] = Inputs.FirstQueryPosition,
        ["kvType"] = KvTypes.Name(Inputs.Spec.KvType),
        ["shardLength"] = Inputs.Spec.ShardLength,
        ["blocksComputed"] = Totals.BlocksComputed,
        ["blocksSkipped"] = Totals.BlocksSkipped,
        ["flops"] = Totals.Flops,
        ["seconds"] = new JsonObject
        {
            ["append"] = Appending.TotalSeconds,
            ["attend"] = Totals.Attending.TotalSeconds,
            ["total"] = All.TotalSeconds,
        },
        ["gflops"] = Totals.FlopsPerSecond / 1e9,
        ["silos"] = OwnerShares.ToJson(Owners),
        ["check"] = Errors is { } errors
            ? new JsonObject
            {
                ["rows"] = CheckedRows,
                ["o"] = errors.Output,
                ["lse"] = errors.Lse,
                ["plainO"] = errors.PlainOutput,
                ["plainLse"] = errors.PlainLse,
            }
            : null,
        ["sha256"] = new JsonObject { ["o"] = ODigest, ["lse"] = LseDigest },
    };

    /// <summary>", soft cap 50"; nothing for what everybody expects.</summary>
    private string Score => ScoreText.Of(Inputs.Options.Score, Inputs.Spec) is var text && text == "scaled-dot" ? "" : ", " + text;

    private static JsonArray Shape(IEnumerable<long> dimensions) => [.. dimensions.Select(static d => JsonValue.Create(d))];
}
