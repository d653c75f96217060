using System.Text.Json.Nodes;
using DistAttention.Cli.Connecting;
using DistAttention.Cli.Demo.Asking;
using DistAttention.Cli.Demo.Running;

namespace DistAttention.Cli.Demo.Reporting;

/// <summary>The report as one JSON object: every figure, passage and digest, named as the other verbs name theirs.</summary>
internal static class JsonReport
{
    private const int HeatMapBins = 256;

    public static JsonObject Of(DemoReport report) => new()
    {
        ["documents"] = new JsonArray([.. report.Corpus.Documents.Select(static d => JsonValue.Create(d.Name))]),
        ["tokens"] = report.Corpus.TokenCount,
        ["textTokens"] = report.Corpus.TextTokenCount,
        ["positions"] = report.Corpus.PositionCount,
        ["terms"] = report.Lexicon.Count,
        ["learned"] = false,
        ["heads"] = new JsonArray([.. report.Heads.Select(static h => JsonValue.Create(h.Name))]),
        ["headDim"] = report.HeadDim,
        ["threads"] = report.Threads,
        ["silos"] = OwnerShares.ToJson(report.Owners),
        ["shardLength"] = report.ShardLength,
        ["mask"] = AttentionMask.Causal.ToString(),
        ["pairs"] = report.SelfAttention.Pairs,
        ["flops"] = report.SelfAttention.Flops,
        ["seconds"] = new JsonObject
        {
            ["append"] = report.AppendTime.TotalSeconds,
            ["attend"] = report.SelfAttention.Time.TotalSeconds,
            ["ask"] = report.AskTime.TotalSeconds,
            ["total"] = report.TotalTime.TotalSeconds,
        },
        ["gflops"] = report.FlopsPerSecond / 1e9,
        ["sha256"] = new JsonObject { ["o"] = report.SelfAttention.OutputDigest, ["lse"] = report.SelfAttention.LseDigest },
        ["check"] = new JsonObject
        {
            ["rows"] = report.Check.Rows,
            ["maxOutputError"] = report.Check.OutputError,
            ["maxLseError"] = report.Check.LseError,
            ["tolerance"] = Checking.CheckResult.Tolerance,
            ["right"] = report.Check.IsRight,
        },
        ["memory"] = new JsonObject
        {
            ["peakBytes"] = report.PeakBytes,
            ["matrixBytes"] = report.MatrixBytes,
        },
        ["questions"] = new JsonArray([.. report.Answers.Select(answer => (JsonNode)Answer(answer, report))]),
    };

    private static JsonObject Answer(Answer answer, DemoReport report)
    {
        PassageLines lines = new(report.Corpus, report.Lexicon, answer);
        int bins = Math.Min(HeatMapBins, report.Corpus.TokenCount);
        return new JsonObject
        {
            ["question"] = answer.Question.Text,
            ["words"] = new JsonArray([.. answer.Question.Words.Select(static w => (JsonNode)new JsonObject { ["text"] = w.Text, ["weight"] = Rounded(w.Weight), ["readAs"] = w.ReadAs })]),
            ["startShare"] = Rounded(answer.Mass.StartShare),
            ["passages"] = new JsonArray([.. answer.Passages.Select(passage => (JsonNode)Passage(passage, lines, report))]),
            ["massByBin"] = new JsonArray([.. answer.Mass.Binned(bins).Select(static m => JsonValue.Create(Rounded(m)))]),
        };
    }

    private static JsonObject Passage(Passage passage, PassageLines lines, DemoReport report)
    {
        JsonObject json = Place(passage, report);
        json["shareWithLikes"] = Rounded(passage.ShareWithLikes);
        json["likes"] = new JsonArray([.. passage.Likes.Select(like => (JsonNode)Place(like, report))]);
        json["lines"] = new JsonArray([.. lines.Of(passage).Select(static line => (JsonNode)new JsonObject
        {
            ["line"] = line.Number,
            ["share"] = Rounded(line.Share),
            ["context"] = line.IsContext,
            ["text"] = string.Concat(line.Runs.Select(static r => r.Text)),
        })]);
        return json;
    }

    private static JsonObject Place(Passage passage, DemoReport report) => new()
    {
        ["share"] = Rounded(passage.Share),
        ["document"] = report.Corpus.Documents[passage.Document].Name,
        ["firstLine"] = passage.FirstLine,
        ["lastLine"] = passage.LastLine,
    };

    private static double Rounded(double value) => Math.Round(value, 6);
}
