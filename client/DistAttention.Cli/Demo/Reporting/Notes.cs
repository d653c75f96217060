using System.Globalization;
using DistAttention.Cli.Connecting;
using DistAttention.Cli.Demo.Asking;
using DistAttention.Cli.Demo.Running;
using DistAttention.Cli.Output;

namespace DistAttention.Cli.Demo.Reporting;

/// <summary>The sentences that the terminal and the page share.</summary>
internal static class Notes
{
    /// <summary>What is to be said of a question before its passages.</summary>
    public static IEnumerable<string> Of(Answer answer)
    {
        foreach (QuestionWord word in answer.Question.Words.Where(static w => w.ReadAs is not null))
        {
            yield return $"“{word.Text}” is not in the text; read as “{word.ReadAs}”";
        }

        if (answer.Question.UnknownWords is { Count: > 0 } unknown)
        {
            yield return $"not in the text: {string.Join(", ", unknown.Select(static w => $"“{w}”"))}";
        }

        double nothing = answer.Mass.StartShare;
        yield return nothing switch
        {
            > 0.9 => $"nothing in the text is much like this: {Places.Percent(nothing)} of the attention found nothing to hold on to",
            _ => $"{Places.Percent(nothing)} of the attention found nothing to hold on to",
        };
    }

    /// <summary>Name and value of every figure worth a line.</summary>
    public static IEnumerable<(string Name, string Value)> Figures(DemoReport report)
    {
        CultureInfo culture = CultureInfo.InvariantCulture;
        string repeated = report.Corpus.Repetitions > 1
            ? string.Create(culture, $" ({report.Corpus.TextTokenCount:N0} tokens, read {report.Corpus.Repetitions:0.##} times)")
            : report.Corpus.TokenCount < report.Corpus.TextTokenCount ? string.Create(culture, $" (the first of {report.Corpus.TextTokenCount:N0})") : "";
        yield return ("text", string.Create(culture, $"{Places.TextName(report.Corpus)}: {Units.Plural(report.Corpus.TokenCount, "token")}{repeated}, {report.Lexicon.Count:N0} different"));
        yield return ("heads", string.Create(culture, $"{report.Heads.Count} of {report.HeadDim} components, hashed from the words: nothing is learned"));
        yield return ("self-attention", string.Create(culture, $"{Units.Count(report.SelfAttention.Pairs)} pairs × {report.Heads.Count} heads: {Units.Flops(report.SelfAttention.Flops)} in {Units.Duration(report.SelfAttention.Time)}, {Units.Flops(report.FlopsPerSecond)}/s on {report.Workers}"));
        foreach ((string silo, string owned) in OwnerShares.Lines(report.Owners))
        {
            yield return (silo, owned);
        }

        yield return ("exactness", string.Create(culture, $"{Units.Plural(report.Check.Rows, "random row")} against float64: largest error {report.Check.OutputError:0.0e+0} in o, {report.Check.LseError:0.0e+0} in lse"));
        yield return ("memory", string.Create(culture, $"{Units.Bytes(report.PeakBytes)} at the peak{(report.Owners.Count > 0 ? " of this process" : "")}; the matrix of {report.Heads.Count} × {report.Corpus.PositionCount:N0}² weights that was never built has {Units.Bytes(report.MatrixBytes)}"));
        yield return ("time", $"{Units.Duration(report.TotalTime)} in all: {Units.Duration(report.AppendTime)} to encode and append, {Units.Duration(report.SelfAttention.Time)} of self-attention, {Units.Duration(report.AskTime)} to ask");
    }
}
