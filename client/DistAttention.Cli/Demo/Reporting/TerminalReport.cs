using System.Globalization;
using DistAttention.Cli.Demo.Asking;
using DistAttention.Cli.Demo.Running;
using DistAttention.Cli.Output;
using Spectre.Console;

namespace DistAttention.Cli.Demo.Reporting;

/// <summary>The report as people read it on a terminal or in a pipe.</summary>
internal sealed class TerminalReport(DemoReport report, IAnsiConsole to)
{
    private const int MaxPassages = 3;
    private const double LeastShare = 0.01;
    private const int Indent = 2;
    private const int LongestText = 110;

    private static readonly string[] _bars = ["·", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
    private static readonly Style _quiet = new(Color.Grey);
    private static readonly Style _strong = new(decoration: Decoration.Bold);
    private static readonly Style _bar = new(Color.DarkOrange);
    private static readonly Style _match = new(Color.DarkOrange, decoration: Decoration.Bold | Decoration.Underline);

    public void Write()
    {
        foreach (Answer answer in report.Answers)
        {
            WriteAnswer(answer);
        }

        Facts.Write(to, [.. Notes.Figures(report)]);
    }

    private void WriteAnswer(Answer answer)
    {
        Passage[] shown = [.. answer.Passages.Take(MaxPassages).Where(static p => p.Share >= LeastShare)];
        Line((Places.Clean(answer.Question.Text), _strong));
        foreach (string note in Notes.Of(answer))
        {
            Line(("  " + note, _quiet));
        }

        if (shown.Length == 0)
        {
            Line(("  no passage stands out", _quiet));
            to.WriteLine();
            return;
        }

        to.WriteLine();
        new HeatMap(answer, [.. report.Heads.Select(static h => h.Name)], report.Corpus).Write(to, shown.Length);
        PassageLines lines = new(report.Corpus, report.Lexicon, answer);
        foreach ((int index, Passage passage) in shown.Index())
        {
            to.WriteLine();
            Line(
                (string.Create(CultureInfo.InvariantCulture, $"  {index + 1}  "), _strong),
                (Places.Percent(passage.Share), _strong),
                ("  " + Places.Of(passage, report.Corpus), Style.Plain),
                (Places.OfLikes(passage, report.Corpus) is { } likes ? "  " + likes : "", _quiet));
            WriteLines(lines.Of(passage));
        }

        to.WriteLine();
    }

    /// <summary>Lines with their numbers and bars. Those shown for context take one row each; the others as many as they need.</summary>
    private void WriteLines(IReadOnlyList<PassageLine> lines)
    {
        double most = lines.Max(static l => l.Share);
        int digits = lines[^1].Number.ToString("N0", CultureInfo.InvariantCulture).Length;
        int width = Math.Clamp(to.Profile.Width - Indent - digits - 4, 20, LongestText);
        foreach (PassageLine line in lines)
        {
            string bar = _bars[most > 0 ? (int)Math.Round(line.Share / most * (_bars.Length - 1)) : 0];
            string number = new string(' ', Indent) + line.Number.ToString("N0", CultureInfo.InvariantCulture).PadLeft(digits);
            Style plain = line.IsContext ? _quiet : Style.Plain;
            List<List<TextRun>> rows = line.IsContext ? [LineWrap.Cut(line.Runs, width)] : LineWrap.Wrap(line.Runs, width);
            foreach ((int row, List<TextRun> runs) in rows.Index())
            {
                Line(
                    [
                        (row == 0 ? number : new string(' ', number.Length), _quiet),
                        (row == 0 ? $" {bar} " : "   ", line.IsContext ? _quiet : _bar),
                        .. runs.Select(run => (run.Text, run.IsMatch && !line.IsContext ? _match : plain)),
                    ]);
            }
        }
    }

    private void Line(params IReadOnlyList<(string Text, Style Style)> runs)
    {
        Paragraph paragraph = new();
        foreach ((string text, Style style) in runs)
        {
            if (text.Length > 0)
            {
                paragraph.Append(text, style);
            }
        }

        to.Write(paragraph);
        to.WriteLine();
    }
}
