using System.Globalization;
using System.Text;
using DistAttention.Cli.Demo.Asking;
using DistAttention.Cli.Demo.Documents;
using DistAttention.Cli.Demo.Encoding;
using DistAttention.Cli.Demo.Tokens;

namespace DistAttention.Cli.Demo.Reporting;

/// <summary>A few characters of a line, all alike.</summary>
/// <param name="Text">Printable characters only.</param>
/// <param name="IsMatch">Whether they are a word of the question.</param>
internal readonly record struct TextRun(string Text, bool IsMatch);

/// <summary>A line of a passage as people read it.</summary>
/// <param name="Number">Line in its document, from 1.</param>
/// <param name="Share">Its part of the question's attention.</param>
/// <param name="IsContext">Shown for its neighbour's sake only.</param>
/// <param name="Runs">Its text.</param>
internal sealed record PassageLine(int Number, double Share, bool IsContext, IReadOnlyList<TextRun> Runs)
{
    public bool IsBlank => Runs.All(static r => string.IsNullOrWhiteSpace(r.Text));
}

/// <summary>Makes passages readable: whole lines, those around short passages, words of the question marked, very long lines cut.</summary>
internal sealed class PassageLines(Corpus corpus, Lexicon lexicon, Answer answer)
{
    private const int LongLine = 240;
    private const int ContextCharacters = 160;
    private const int FewestLines = 4;
    private const int TabWidth = 4;

    private readonly double[] _tokenMass = answer.Mass.ByToken(corpus);
    private readonly HashSet<string> _stems =
        [.. answer.Question.Words.Where(static w => w.Term != TermRow.None).Select(w => lexicon[w.Term]).Where(static t => t.IsContent).Select(static t => t.Stem)];

    /// <summary>The lines to show of a passage, without the indentation they share.</summary>
    public IReadOnlyList<PassageLine> Of(Passage passage)
    {
        List<PassageLine> lines = [];
        int token = passage.FirstToken;
        for (int number = passage.FirstLine; number <= passage.LastLine; number++)
        {
            int first = token;
            double share = 0;
            for (; token < passage.EndToken && corpus.Tokens[token].Line == number; token++)
            {
                share += _tokenMass[token];
            }

            lines.Add(Line(passage.Document, number, share, first, token));
        }

        AddContext(lines, passage);
        return Unindented(lines);
    }

    /// <summary>Adds the lines after a passage of few lines, and the one before if it starts inside a paragraph.</summary>
    private void AddContext(List<PassageLine> lines, Passage passage)
    {
        if (passage.FirstLine > 1 && Context(passage.Document, passage.FirstLine - 1) is { IsBlank: false } before)
        {
            lines.Insert(0, before);
        }

        int next = passage.LastLine + 1;
        while (lines.Count(static l => !l.IsBlank) < FewestLines && next <= corpus.LineCount(passage.Document))
        {
            lines.Add(Context(passage.Document, next++));
        }

        while (lines[^1].IsBlank)
        {
            lines.RemoveAt(lines.Count - 1);
        }
    }

    /// <summary>A line of a passage; of a long one only the tokens of the passage.</summary>
    private PassageLine Line(int document, int number, double share, int firstToken, int endToken)
    {
        TextSpan line = corpus.LineSpan(document, number);
        if (line.Length <= LongLine || firstToken == endToken)
        {
            return new PassageLine(number, share, false, Runs(document, line, "", ""));
        }

        TextSpan part = new(corpus.Tokens[firstToken].Start, corpus.Tokens[endToken - 1].End);
        return new PassageLine(number, share, false, Runs(document, part, part.Start > line.Start ? "… " : "", part.End < line.End ? " …" : ""));
    }

    private PassageLine Context(int document, int number)
    {
        TextSpan line = corpus.LineSpan(document, number);
        return new PassageLine(
            number, 0, true, line.Length <= LongLine ? Runs(document, line, "", "") : Runs(document, new TextSpan(line.Start, line.Start + ContextCharacters), "", " …"));
    }

    private List<TextRun> Runs(int document, TextSpan span, string before, string after)
    {
        string text = corpus.Documents[document].Text;
        List<TextRun> runs = [];
        StringBuilder plain = new(before);
        int at = span.Start;
        foreach (Token token in Tokenizer.Tokenize(text[span.Start..span.End]))
        {
            int start = span.Start + token.Start;
            if (token.Kind == TokenKind.Word && _stems.Contains(WordForms.Stem(WordForms.Fold(text.AsSpan(start, token.Length)))))
            {
                AppendPrintable(plain, text.AsSpan(at, start - at));
                AddPlain();
                runs.Add(new TextRun(text.Substring(start, token.Length), true));
                at = start + token.Length;
            }
        }

        AppendPrintable(plain, text.AsSpan(at, span.End - at));
        plain.Append(after);
        AddPlain();
        return runs;

        void AddPlain()
        {
            if (plain.Length > 0)
            {
                runs.Add(new TextRun(plain.ToString(), false));
                plain.Clear();
            }
        }
    }

    /// <summary>Leaves out what a terminal or a page would obey instead of show; tabs become spaces.</summary>
    private static void AppendPrintable(StringBuilder to, ReadOnlySpan<char> text)
    {
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (rune.Value == '\t')
            {
                to.Append(' ', TabWidth);
            }
            else if (Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator))
            {
                to.Append(rune);
            }
        }
    }

    private static List<PassageLine> Unindented(List<PassageLine> lines)
    {
        int indent = lines.Where(static l => !l.IsBlank).Min(static l => l.Runs[0].IsMatch ? 0 : l.Runs[0].Text.Length - l.Runs[0].Text.TrimStart(' ').Length);
        return [.. lines.Select(l => l.IsBlank ? l with { Runs = [] } : l with { Runs = [l.Runs[0] with { Text = l.Runs[0].Text[Math.Min(indent, l.Runs[0].Text.Length)..] }, .. l.Runs.Skip(1)] })];
    }
}
