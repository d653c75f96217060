using System.Text;

namespace DistAttention.Cli.Demo.Reporting;

/// <summary>Breaks runs of text into rows of a terminal, between words where it can.</summary>
internal static class LineWrap
{
    /// <summary>Rows no wider than <paramref name="width"/> cells; at least one.</summary>
    public static List<List<TextRun>> Wrap(IReadOnlyList<TextRun> runs, int width)
    {
        List<List<TextRun>> rows = [[]];
        int used = 0;
        foreach (TextRun run in runs)
        {
            foreach (string piece in Pieces(run.Text))
            {
                int cells = Cells(piece);
                if (used + cells > width && used > 0)
                {
                    rows.Add([]);
                    used = 0;
                    if (string.IsNullOrWhiteSpace(piece))
                    {
                        continue;
                    }
                }

                foreach (string part in cells > width ? Parts(piece, width) : [piece])
                {
                    if (used + Cells(part) > width)
                    {
                        rows.Add([]);
                        used = 0;
                    }

                    rows[^1].Add(run with { Text = part });
                    used += Cells(part);
                }
            }
        }

        return rows;
    }

    /// <summary>The first row of the text, with an ellipsis if there is more.</summary>
    public static List<TextRun> Cut(IReadOnlyList<TextRun> runs, int width)
    {
        List<List<TextRun>> rows = Wrap(runs, width - 2);
        if (rows.Count == 1)
        {
            return rows[0];
        }

        List<TextRun> first = rows[0];
        while (first.Count > 1 && string.IsNullOrWhiteSpace(first[^1].Text))
        {
            first.RemoveAt(first.Count - 1);
        }

        return [.. first, new TextRun(" …", false)];
    }

    /// <summary>Cells that a terminal gives to a text: two for East Asian wide characters, none for combining marks.</summary>
    public static int Cells(string text)
    {
        int cells = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            cells += Cells(rune);
        }

        return cells;
    }

    private static int Cells(Rune rune) => rune.Value switch
    {
        < 0x300 => 1,
        (>= 0x1100 and <= 0x115F) or (>= 0x2E80 and <= 0xA4CF) or (>= 0xAC00 and <= 0xD7A3) or (>= 0xF900 and <= 0xFAFF)
            or (>= 0xFE30 and <= 0xFE6F) or (>= 0xFF00 and <= 0xFF60) or (>= 0xFFE0 and <= 0xFFE6) or (>= 0x1F300 and <= 0x1FAFF)
            or (>= 0x20000 and <= 0x3FFFD) => 2,
        _ => Rune.GetUnicodeCategory(rune) is System.Globalization.UnicodeCategory.NonSpacingMark or System.Globalization.UnicodeCategory.EnclosingMark ? 0 : 1,
    };

    /// <summary>Words and the spaces between them, in turn.</summary>
    private static IEnumerable<string> Pieces(string text)
    {
        int start = 0;
        for (int i = 1; i <= text.Length; i++)
        {
            if (i == text.Length || (text[i] == ' ') != (text[i - 1] == ' '))
            {
                yield return text[start..i];
                start = i;
            }
        }
    }

    private static IEnumerable<string> Parts(string word, int width)
    {
        StringBuilder part = new();
        int used = 0;
        foreach (Rune rune in word.EnumerateRunes())
        {
            int cells = Cells(rune);
            if (used + cells > width && part.Length > 0)
            {
                yield return part.ToString();
                part.Clear();
                used = 0;
            }

            part.Append(rune);
            used += cells;
        }

        if (part.Length > 0)
        {
            yield return part.ToString();
        }
    }
}
