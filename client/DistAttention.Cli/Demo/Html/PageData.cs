using System.Text.Json.Nodes;
using DistAttention.Cli.Demo.Asking;
using DistAttention.Cli.Demo.Documents;
using DistAttention.Cli.Demo.Reporting;
using DistAttention.Cli.Demo.Running;
using DistAttention.Cli.Demo.Tokens;

namespace DistAttention.Cli.Demo.Html;

/// <summary>
/// The numbers behind the pictures, as the page's script reads them: mass in bins, one byte each, and the line that every
/// bin stands in.
/// </summary>
internal static class PageData
{
    /// <summary>Bins along the text: as fine as a phone can zoom, and no larger a page for a larger text.</summary>
    private const int MaxBins = 4096;

    private const int MaxLineCharacters = 140;

    public static JsonObject Of(DemoReport report)
    {
        int bins = Math.Min(MaxBins, report.Corpus.TokenCount);
        (JsonArray lines, JsonArray binLines) = Lines(report.Corpus, bins);
        return new JsonObject
        {
            ["tokens"] = report.Corpus.TokenCount,
            ["bins"] = bins,
            ["documents"] = new JsonArray([.. report.Corpus.Documents.Select(static d => JsonValue.Create(d.Name))]),
            ["heads"] = new JsonArray([.. report.Heads.Select(static h => (JsonNode)new JsonObject { ["name"] = h.Name, ["about"] = h.About })]),
            ["lines"] = lines,
            ["binLines"] = binLines,
            ["questions"] = new JsonArray([.. report.Answers.Select(answer => (JsonNode)Question(answer, report, bins))]),
            ["overview"] = report.Overview is { } overview ? Overview(overview) : null,
        };
    }

    private static JsonObject Question(Answer answer, DemoReport report, int bins)
    {
        double[][] rows = [.. Enumerable.Range(0, report.Heads.Count).Select(h => answer.Mass.Binned(bins, h)), answer.Mass.Binned(bins)];
        return new JsonObject
        {
            ["rows"] = new JsonArray([.. rows.Select(static row => JsonValue.Create(Quantised(row, row.Max())))]),
            ["most"] = new JsonArray([.. rows.Select(static row => JsonValue.Create(row.Max()))]),
            ["passages"] = new JsonArray([.. answer.Passages.Select(p => (JsonNode)new JsonArray(p.FirstToken, p.EndToken))]),
        };
    }

    private static JsonObject Overview(Overview overview) => new()
    {
        ["bins"] = overview.Bins,
        ["heads"] = new JsonArray([.. Enumerable.Range(0, overview.Heads).Select(h => JsonValue.Create(Quantised(Array.ConvertAll(overview.Head(h).ToArray(), static x => (double)x), 1)))]),
    };

    /// <summary>Square roots of the parts of the most, one byte each, in base64: small parts keep more of their precision.</summary>
    private static string Quantised(double[] values, double most) =>
        Convert.ToBase64String([.. values.Select(value => (byte)Math.Round(255 * Math.Sqrt(most > 0 ? Math.Min(1, value / most) : 0)))]);

    /// <summary>Every line that a bin starts in, once: [document, number, text]; and per bin the index of its line.</summary>
    private static (JsonArray Lines, JsonArray BinLines) Lines(Corpus corpus, int bins)
    {
        JsonArray lines = [];
        JsonArray binLines = [];
        Dictionary<(int, int, int), int> indices = [];
        for (int bin = 0; bin < bins; bin++)
        {
            int position = (int)AttentionMass.BinRange(bin, bins, corpus.TokenCount).Start + 1;
            Token token = corpus.Tokens[corpus.TokenIndexAt(position)];
            TextSpan span = corpus.LineSpan(token.Document, token.Line);
            int cut = Math.Max(0, token.Start - span.Start) / MaxLineCharacters; // of a long line, the part around the bin
            if (!indices.TryGetValue((token.Document, token.Line, cut), out int index))
            {
                index = lines.Count;
                indices.Add((token.Document, token.Line, cut), index);
                int start = span.Start + (cut * MaxLineCharacters);
                string text = corpus.Documents[token.Document].Text[start..Math.Min(span.End, start + MaxLineCharacters)];
                lines.Add((JsonNode)new JsonArray(token.Document, token.Line, text.Trim()));
            }

            binLines.Add((JsonNode)index);
        }

        return (lines, binLines);
    }
}
